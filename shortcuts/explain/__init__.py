def explain(code, catalog):
    return ""
