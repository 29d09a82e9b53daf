"""A number that leads to the colophon looks like text in the PDF, wherever it stands."""

import subprocess

from report.render.pandoc import READER, executable

SOURCE = """
A [88.4\u00a0%](#stage-x){.value title="x"} and a [link](#stage-x).

| a |
|--:|
| [1 \\[0, 2\\]](#stage-x){.value title="x"} |

: Of [3](#stage-x){.value title="x"}.
"""


def test_only_links_of_values_take_the_colour_of_the_text():
    command = [executable(), *READER, "--to=latex"]
    done = subprocess.run(command, input=SOURCE, capture_output=True, text=True, check=True)
    made = " ".join(done.stdout.split())
    assert r"A \boundvalue{\hyperref[stage-x]{88.4~\%}} and a \hyperref[stage-x]{link}." in made
    assert r"\boundvalue{\hyperref[stage-x]{1 {[}0, 2{]}}}" in made
    assert r"Of \boundvalue{\hyperref[stage-x]{3}}." in made
