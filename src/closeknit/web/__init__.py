"""The lobby: settings, urls, wiring between rooms, base templates, the design system and the home page."""
