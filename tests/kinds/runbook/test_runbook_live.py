from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.kinds.measuring import claims_of

from opsguide.core.facts import AlertSeen, StepRan
from opsguide.core.kind import Batch
from opsguide.core.machine import RunJob
from opsguide.core.nouns import Claim, Evidence, Flip, Job, State
from opsguide.core.ports import Finished, WorldFault
from opsguide.kinds.runbook import KIND
from opsguide.kinds.runbook.spec import RunbookMemory
from opsguide.world.sim.loop import run
from opsguide.world.sim.world import SimWorld

TEXT = """# Ops
## Runbooks
### High CPU Usage
```bash
# Look
df -h
ps aux

# Is it the script?
./scripts/look.sh

# Restart
systemctl restart api
```
"""


def claim() -> Claim[Any]:
    (found,) = claims_of(KIND, TEXT)
    return found


def ran(sim: SimWorld, name: str) -> list[Evidence]:
    found = claim()
    (job,) = [job for job in KIND.plan(found).jobs if job.name == name]
    return list(run(KIND.run(Batch(job.key, ((found, job),)), sim.world)))


def fired(name: str = "HighCPUUsage", at: float = 1000.0, *, firing: bool = True) -> Evidence:
    fact = AlertSeen(name, (("alertname", name),), firing)
    return Evidence("", "s", at, ok=False, says="firing", topic="alert.fired", scope=name, fact=fact)


def test_it_holds_while_its_programs_and_scripts_are_there() -> None:
    sim = SimWorld()
    sim.files.programs |= {"df", "ps", "systemctl"}
    sim.files.content["./scripts/look.sh"] = b""
    (evidence,) = ran(sim, "look")
    judged = KIND.judge(claim(), RunbookMemory(), evidence, 1.0)
    assert (evidence.says, judged.verdict.state) == ("ok", State.HOLDS)


def test_it_breaks_naming_what_is_missing() -> None:
    sim = SimWorld()
    sim.files.programs |= {"df", "ps"}
    (evidence,) = ran(sim, "look")
    judged = KIND.judge(claim(), RunbookMemory(), evidence, 1.0)
    assert judged.verdict.state is State.BROKEN
    assert "systemctl is not installed on this machine" in judged.verdict.because
    assert "./scripts/look.sh does not exist beside the guide" in judged.verdict.because
    assert KIND.judge(claim(), judged.memory, None, 2.0).verdict == judged.verdict


def test_nobody_is_paged_for_it() -> None:
    flip = Flip(claim().id, "", 1, 1.0, State.HOLDS, State.BROKEN, "gone")
    assert list(KIND.react(claim(), flip)) == []


def test_an_alert_that_fits_opens_it_once_and_others_do_not() -> None:
    opened = KIND.judge(claim(), RunbookMemory(), fired(), 1000.0)
    assert opened.effects == (RunJob(claim().id, "assess"),)
    assert KIND.judge(claim(), opened.memory, fired(at=1010.0), 1010.0).effects == ()
    assert KIND.judge(claim(), opened.memory, fired(at=1301.0), 1301.0).effects != ()
    assert KIND.judge(claim(), RunbookMemory(), fired("DiskFull"), 1000.0).effects == ()
    assert KIND.judge(claim(), RunbookMemory(), fired(firing=False), 1000.0).effects == ()
    assert opened.verdict.state is State.UNKNOWN


def test_nothing_runs_until_a_person_trusted_exactly_this_text() -> None:
    sim = SimWorld()
    sim.secrets.trusts.add((claim().id, claim().spec.command + " "))
    (evidence,) = ran(sim, "assess")
    assert sim.proc.commands == []
    assert evidence.says == "untrusted"
    assert f"opsguide trust {claim().id} --until" in evidence.because


def test_trusted_reading_steps_run_bounded_and_their_output_is_kept() -> None:
    sim = SimWorld()
    sim.secrets.trusts.add((claim().id, claim().spec.command))
    sim.proc.on("df -h", Finished(0, "Use%\n71%\n", 0.1))
    sim.proc.on("ps aux", WorldFault("timeout", "killed after 30 s"))
    first, second = ran(sim, "assess")
    assert [command.text for _, command in sim.proc.commands] == ["df -h", "ps aux"]
    assert all(c.timeout_s == 30.0 and c.limit_bytes == 64 << 10 for _, c in sim.proc.commands)
    assert (first.says, first.fact) == ("line_6_exit_0", StepRan(6, "df -h", 0, "Use%\n71%\n", 0.1))
    assert (second.says, second.ok) == ("line_7_timeout", False)
    memory = RunbookMemory(found="df: there", alert="HighCPUUsage", asked_at=1.0)
    judged = KIND.judge(claim(), memory, first, 2.0)
    assert judged.verdict.state is State.HOLDS
    assert "last opened by HighCPUUsage: line 6 ended with 0" in judged.verdict.because


def test_what_the_steps_find_does_not_turn_it() -> None:
    failed = Evidence(claim().id, "", 5.0, ok=False, says="line_6_exit_1", because="b", topic="runbook.assessed")
    for missing, state in ((False, State.HOLDS), (True, State.BROKEN)):
        assert KIND.judge(claim(), RunbookMemory("x", missing), failed, 5.0).verdict.state is state


def test_one_that_names_no_command_is_worked_by_a_person() -> None:
    (found,) = claims_of(KIND, "# Ops\n## Runbooks\n### High CPU Usage\n1. Check for loops\n")
    assert KIND.plan(found).jobs == ()
    judged = KIND.judge(found, RunbookMemory(), fired(), 1000.0)
    assert (judged.verdict.state, judged.effects) == (State.HOLDS, ())
    assert "last opened by HighCPUUsage" in judged.verdict.because


def test_it_is_judged_alone_by_time() -> None:
    again = KIND.judge(claim(), replace(RunbookMemory(), found="f"), None, 9.0)
    assert again.verdict.state is State.HOLDS
    assert isinstance(KIND.plan(claim()).jobs[0], Job)
