"""The full-screen application: the stepper, its panes and keys. The only layer that knows textual."""
