"""How dates are written where a template does not say: short, so that a table fits the screen."""
