"""One package per contract family: routes, schemas, errors."""
