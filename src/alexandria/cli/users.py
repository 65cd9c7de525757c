from typing import Annotated

import typer

from alexandria.bootstrap import Services
from alexandria.cli.common import DataOption, JsonOption, app, handle_errors, print_json
from alexandria.cli.completion import choices
from alexandria.cli.processes import prepare_library
from alexandria.db import reading, writing

users = typer.Typer(help="Accounts and API tokens.", no_args_is_help=True)
app.add_typer(users, name="users")


@users.command()
@handle_errors
def token(
    name: str,
    scope: Annotated[
        str,
        typer.Option(
            help="read, write or admin.", autocompletion=choices(["read", "write", "admin"])
        ),
    ] = "write",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make one new API token and print it; it can't be shown again."""
    del data
    prepare_library()
    with writing() as session:
        secret = Services(session).users.new_token(name, scope)
    if as_json:
        print_json({"user": name, "scope": scope, "token": secret})
    else:
        typer.echo(secret)


@users.command()
@handle_errors
def add(name: str, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Add an account; `users token` makes its tokens."""
    del data
    prepare_library()
    with writing() as session:
        Services(session).users.add(name)
    if as_json:
        print_json({"user": name})
    else:
        typer.echo(f"Added {name}. Make a token with: alexandria users token {name}")


@users.command("list")
@handle_errors
def list_users(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the accounts."""
    del data
    prepare_library()
    with reading() as session:
        names = [user.name for user in Services(session).users.list_users()]
    if as_json:
        print_json({"users": names})
    else:
        typer.echo("\n".join(names))
