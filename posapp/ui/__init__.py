"""The window: screens, models, wizard, theme. The only place that knows Qt."""
