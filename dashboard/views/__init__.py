"""Views, one module a page: guard, fetch, act, say, go."""
