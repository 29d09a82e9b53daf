"""What the command line takes: the commands with their options."""

import argparse
from collections.abc import Sequence
from typing import Any

from report.build.makefile import GOALS

Options = dict[str, dict[str, Any]]  # what argparse's add_argument takes, by name

ON = {"action": "store_true"}
DOCUMENT: Options = {"document": {}}
DOC: Options = {"--doc": {"default": "report", "help": "the document to render"}}
GOAL: Options = {"goal": {"choices": GOALS}}
JOBS: Options = {"--jobs": {"default": "1", "help": "how many stages may run side by side"}}
PROFILE: Options = {"--profile": {"help": "a file of profiles/ (default: $PROFILE, else demo)"}}
COMMANDS: dict[str, tuple[str, Options]] = {
    "run": (
        "Run a stage, and before it what it needs and is stale.",
        {
            "stage": {"help": "transfer/svm_depth, or one combination: transfer/features/backbone=…"},
            "--force": ON | {"help": "run it even if it is fresh"},
            "--alone": ON | {"help": "do not run what it needs"},
            "--whole": ON | {"help": "with every output, also those that records leave out"},
        },
    ),
    "plan": (
        "Write the stale stages of a goal as Make rules.",
        {
            **GOAL,
            **DOC,
            **JOBS,
            "--render": ON | {"help": "where every stage is fresh, render here and now"},
        },
    ),
    "make": (
        "Run Make on the plan of a goal; its stages share the time of imports.",
        GOAL | DOC | {"words": {"nargs": argparse.REMAINDER, "help": "Make's command"}},
    ),
    "submit": (
        "Run the stale stages of a goal as Slurm jobs, and wait for them.",
        {
            "goal": {"choices": ("experiments", "figures")},
            "--jobs": {"default": "1", "help": "how many jobs may be in the queue at once"},
            "--keep-going": ON | {"help": "after a failure, finish the rest"},
        },
    ),
    "render": (
        "Assemble a document from the results and render it.",
        DOCUMENT | {"formats": {"nargs": "+", "choices": ("html", "pdf")}},
    ),
    "check": (
        "Say before anything runs what claims or diff would refuse after it.",
        DOCUMENT | {"--ref": {"help": "what diff is to compare with"}},
    ),
    "claims": ("Show the claims of a document: test, figures, verdict.", DOCUMENT),
    "status": ("Show each stage: fresh, stale (and why), missing, running or failed.", {}),
    "lint": ("Refuse numbers that were typed by hand into the templates.", {}),
    "record": ("Keep the fresh results under recorded/, and drop those of no present key.", {}),
    "record-check": (
        "Check the recorded results: every hash, limits, keys.",
        {"--prune": ON | {"help": "drop those of no present key"}},
    ),
    "clean": ("Remove what the build made for a profile.", {}),
    "diff": (
        "Show how values, claims and figures differ from those of another build.",
        {
            **DOCUMENT,
            "--ref": {"required": True, "help": "the folder of a build, or a commit"},
            "--comment": {"default": "", "help": "a file that takes the same as Markdown"},
            "--all": ON | {"help": "every value that changed"},
        },
    ),
    "preview": (
        "Serve a document's page and build it anew at each edit.",
        DOCUMENT
        | {"--port": {"default": "8000", "help": "on this machine; 0 for any that is free"}}
        | JOBS,
    ),
    "new": (
        "Lay down a small project that builds at once.",
        {"name": {"help": "its folder, to be made: my-report, ../my-report"}},
    ),
}


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of `arguments`: with all commands, or with the one they begin with, which is quicker."""
    top = argparse.ArgumentParser(
        prog="python -m report", description="The command line; the Makefile is its front door."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in [name for name in COMMANDS if name in arguments[:1]] or COMMANDS:
        text, options = COMMANDS[name]
        command = commands.add_parser(name, help=text, description=text)
        for option, settings in (PROFILE | options).items():
            command.add_argument(option, **settings)
    return top
