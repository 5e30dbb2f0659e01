"""200 publications at once, and the same again with nothing to do, beside regsync."""
def run(setting):
    raise SystemExit("bench: not yet")
