"""The rules of Rolecall: pure, small, standard library only."""
