"""What is made for one framework: modules, initialisers, exchange in trained models."""
