"""Texts that must stay texts."""

from dataclasses import replace

from harness.core.rows import RunRow, TrialRow

HOSTILE = (
    '</script><script>document.title="PWNED"</script>',
    "</style><style>body{display:none}</style>",
    "<img src=x onerror=\"document.title='PWNED'\">",
    "<svg onload=\"document.title='PWNED'\"><a xlink:href='javascript:alert(1)'>",
    "\"><script>document.title='PWNED'</script>",
    "' autofocus onfocus=document.title='PWNED' x='",
    "{{7*7}} {% raw %} ${7*7} {{ self }}",
    "]]><!--<!DOCTYPE html>-->",
    "nul\x00bell\x07 \x1b[31mred\x1b[0m \x1b]8;;http://evil.example/\x07link",
    "\u202egnp.exe\u2066 zero\u200bwidth \u2028 \ud800 \uffff",
    "[a](javascript:alert(1)) <https://evil.example/pixel.png> ![i](https://evil.example/p.png)",
    "<base href='https://evil.example/'><link rel=stylesheet href='//evil.example/x.css'><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe><form action='//evil.example'><input name=q></form>",
    "</textarea></title></pre></code></details></table></tbody></body></html><plaintext>",
    "&lt;script&gt; &#x3c;script&#x3e; &NewLine;",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
)


def poisoned(run: RunRow, rows: list[TrialRow], *, a: str, b: str) -> tuple[RunRow, list[TrialRow], str, str]:
    """*run* and *rows* with hostile text in every field that a model, a task or a user can reach."""
    names = {a: a + HOSTILE[0] + HOSTILE[9], b: b + HOSTILE[2] + HOSTILE[4]}
    bad = []
    for at, row in enumerate(rows):
        text = HOSTILE[at // 3 % len(HOSTILE)]
        bad.append(
            replace(
                row,
                task_id=f"{row.task_id}{text}",
                task_class=f"{row.task_class}{HOSTILE[int(row.task_id[-1])]}",
                candidate=names.get(row.candidate, row.candidate + HOSTILE[3]),
                detail=text,
                flags=(text, HOSTILE[-1]),
                isolation=text,
                grader=text,
                answer=text,
                output=text * 3 + "\n" + row.output,
                log=text,
                verdict_id=text,
                prompt=text,
                expected={"x": text.replace("\ud800", "")} if at % 2 else text,
            )
        )
    everything = " ".join(HOSTILE)
    evil_run = replace(
        run,
        run_id=everything,
        suite=everything,
        suite_digest=everything,
        suite_kind=everything,
        candidates=tuple(dict.fromkeys(row.candidate for row in bad)),
        solver=everything,
        origin=everything,
        name=everything,
        journal=everything,
        prices={everything: {"input": everything}},
        provenance={everything: everything, "list": [everything]},
    )
    return evil_run, bad, names[a], names[b]
