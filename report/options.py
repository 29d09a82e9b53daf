"""What the command line takes: the commands with their options."""

import argparse

from report.build.makefile import GOALS


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m report", description="The command line; the Makefile is its front door."
    )
    commands = top.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--profile", help="a file of profiles/ (default: $PROFILE, else demo)")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=text, description=text)

    run = command("run", "Run a stage, and before it what it needs and is stale.")
    run.add_argument("stage", help="transfer/svm_depth, or one combination: transfer/features/backbone=…")
    run.add_argument("--force", action="store_true", help="run it even if it is fresh")
    run.add_argument("--alone", action="store_true", help="do not run what it needs")
    run.add_argument(
        "--whole", action="store_true", help="with every output, also those that records leave out"
    )
    planning = command("plan", "Write the stale stages of a goal as Make rules.")
    planning.add_argument("goal", choices=GOALS)
    planning.add_argument("--doc", default="report", help="the document to render")
    planning.add_argument("--jobs", default="1", help="how many stages may run side by side")
    making = command("make", "Run Make on the plan of a goal; its stages share the time of imports.")
    making.add_argument("goal", choices=GOALS)
    making.add_argument("words", nargs=argparse.REMAINDER, help="Make's command")
    submit = command("submit", "Run the stale stages of a goal as Slurm jobs, and wait for them.")
    submit.add_argument("goal", choices=("experiments", "figures"))
    submit.add_argument("--jobs", default="1", help="how many jobs may be in the queue at once")
    submit.add_argument("--keep-going", action="store_true", help="after a failure, finish the rest")
    render = command("render", "Assemble a document from the results and render it.")
    render.add_argument("document")
    render.add_argument("formats", nargs="+", choices=("html", "pdf"))
    claims = command("claims", "Show the claims of a document: test, figures, verdict.")
    claims.add_argument("document")
    command("status", "Show each stage: fresh, stale (and why), missing, running or failed.")
    command("lint", "Refuse numbers that were typed by hand into the templates.")
    command("record", "Keep the fresh results under recorded/, and drop those of no present key.")
    checking = command("record-check", "Check the recorded results: every hash, limits, keys.")
    checking.add_argument("--prune", action="store_true", help="drop those of no present key")
    command("clean", "Remove what the build made for a profile.")
    diff = command("diff", "Show how values, claims and figures differ from those of another build.")
    diff.add_argument("document")
    diff.add_argument("--ref", required=True, help="the folder of a build, or a commit")
    diff.add_argument("--comment", default="", help="a file that takes the same as Markdown")
    diff.add_argument("--all", action="store_true", help="every value that changed")
    preview = command("preview", "Serve a document's page and build it anew at each edit.")
    preview.add_argument("document")
    preview.add_argument("--port", default="8000", help="on this machine; 0 for any that is free")
    preview.add_argument("--jobs", default="1", help="how many stages may run side by side")
    new = command("new", "Lay down a small project that builds at once.")
    new.add_argument("name", help="its folder, to be made: my-report, ../my-report")
    return top
