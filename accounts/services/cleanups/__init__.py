"""The guided clean-up, one module per part of its life."""
