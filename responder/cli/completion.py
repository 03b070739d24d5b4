"""completion - ``responder completion``: what a shell needs to complete our words."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what SHELL reads to complete verbs, options and their values.

    \b
    responder completion bash > /etc/bash_completion.d/responder
    responder completion zsh > /usr/local/share/zsh/site-functions/_responder
    responder completion fish > /etc/fish/completions/responder.fish
    """
    made = get_completion_class(shell)
    assert made
    root = click.get_current_context().find_root()
    # bash's class asks the bash in the path for its version, which says nothing of where this will be read.
    completer = made(root.command, {}, "responder", "_RESPONDER_COMPLETE")
    click.echo(completer.source_template % completer.source_vars())
