// Light and dark, the choice of a language, search with filters, and copying code. Pages are complete without it.
"use strict";
(() => {
  const root = document.documentElement;
  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a reader may forbid it */ } };

  const theme = remembered("actfn-theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  function switchTheme() {
    const button = document.querySelector("button.theme");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      remember("actfn-theme", root.dataset.theme);
    });
  }

  function chooseLanguage() {
    const languages = document.body.dataset.languages?.split(" ");
    if (!languages) {
      const own = root.lang.slice(0, 2);
      if (document.querySelector("a.language")) {
        for (const link of document.querySelectorAll("a.language")) {
          link.addEventListener("click", () => remember("actfn-language", link.lang.slice(0, 2)));
        }
      }
      return own;
    }
    const wanted = [remembered("actfn-language"), ...navigator.languages.map((tag) => tag.slice(0, 2)), languages[0]];
    location.replace(`${wanted.find((language) => languages.includes(language))}/index.html`);
  }

  const plain = (text) => text.toLowerCase().normalize("NFKC").replaceAll(/[\s_-]+/g, "");

  function filter() {
    const form = document.getElementById("filters");
    if (!form) return;
    const shown = document.getElementById("cards"), found = document.getElementById("found");
    const cards = [...shown.querySelectorAll("[data-kind]")], groups = [...shown.children];
    const apply = () => {
      const wanted = new FormData(form), words = wanted.get("query").trim().split(/\s+/).map(plain);
      let count = 0;
      for (const card of cards) {
        const { kind, year, tags, libraries, text } = card.dataset, all = plain(text);
        const matches =
          words.every((word) => all.includes(word)) &&
          ["", kind].includes(wanted.get("kind")) &&
          ["", year].includes(wanted.get("year")) &&
          (!wanted.get("library") || libraries.split(" ").includes(wanted.get("library"))) &&
          wanted.getAll("tag").every((tag) => tags.split(" ").includes(tag));
        card.hidden = !matches;
        count += matches;
      }
      for (const group of groups) group.hidden = !group.querySelector("[data-kind]:not([hidden])");
      found.textContent = found.dataset.text.replace("{found}", count).replace("{count}", cards.length);
      const chosen = new URLSearchParams([...wanted].filter(([, value]) => value)).toString();
      history.replaceState(null, "", chosen ? `#${chosen}` : location.href.split("#")[0]);
      for (const link of document.querySelectorAll("a.language")) link.hash = chosen;
    };
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field.type !== "checkbox") field.value = value;
        else if (field.value === value) field.checked = true;
      }
    }
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    apply();
  }

  // A session of the interpreter is copied as what was typed.
  const typed = (code) =>
    code.startsWith(">>> ")
      ? code.split("\n").filter((line) => /^(>>>|\.\.\.)( |$)/.test(line)).map((line) => line.slice(4)).join("\n")
      : code;

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  function offerCopies() {
    const { copy: word, copied } = document.body.dataset, spoken = document.getElementById("spoken");
    for (const block of document.querySelectorAll("pre")) {
      const frame = document.createElement("div"), button = document.createElement("button");
      frame.className = "copyable";
      button.type = "button";
      button.textContent = word;
      block.replaceWith(frame);
      frame.append(block, button);
      button.addEventListener("click", async () => {
        await copy(typed(block.textContent));
        button.textContent = spoken.textContent = copied;
        setTimeout(() => { button.textContent = word; spoken.textContent = ""; }, 1500);
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    switchTheme();
    chooseLanguage();
    filter();
    offerCopies();
  });
})();
