from typing import Any

import pytest

from alexandria.app import create_app

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return create_app().openapi()


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_every_operation_is_explained_and_its_answer_typed(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        assert operation.get("description"), name
        for code, answer in operation["responses"].items():
            if code.startswith("2"):
                for media_type, content in answer["content"].items():
                    schema = content["schema"]
                    if media_type == "application/json":
                        assert "$ref" in schema or "items" in schema, name
                    elif media_type == "text/plain":
                        assert schema == {"type": "string"}, name
                    else:
                        assert schema == {"type": "string", "format": "binary"}, name


def test_programs_learn_how_to_sign_in_and_what_errors_look_like(
    described: dict[str, Any],
) -> None:
    for name, operation in operations(described):
        if name not in {"get /healthz", "get /readyz"}:
            assert operation["security"] == [{"HTTPBearer": []}], name
            assert "application/problem+json" in operation["responses"]["4XX"]["content"], name
