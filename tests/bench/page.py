"""The page that figures are written to."""
import os
import platform
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "performance.md")


def machine():
    with open("/proc/cpuinfo") as info:
        model = re.search(r"model name\s*: (.*)", info.read())
    return f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), Linux {platform.release()}"


def git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()


def commit():
    """That of the sources; "-dirty" where they were changed since, which the page is while it is written."""
    changed = git("status", "--porcelain", "--", ":/", f":(exclude,top){os.path.relpath(PAGE, ROOT)}")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("-dirty" if changed else "")


def write_section(case, command, lines):
    """Puts the figures between their marks on the page."""
    with open(PAGE) as file:
        page = file.read()
    body = "\n".join([f"`{command}`, commit {commit()}, {machine()}", "", *lines])
    mark = f"<!-- {case} -->\n", f"<!-- end of {case} -->"
    pattern = re.escape(mark[0]) + ".*?" + re.escape(mark[1])
    if not re.search(pattern, page, re.S):
        sys.exit(f"bench: {PAGE} has no place for {case}")
    with open(PAGE, "w") as file:
        file.write(re.sub(pattern, lambda _: f"{mark[0]}{body}\n{mark[1]}", page, flags=re.S))
