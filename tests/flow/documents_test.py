"""The documents against what they describe: every link leads somewhere, every navctl command that they show is one, with options that it has,
and the event that the adapters' README shows is one.

Run by: ctest (NAV_BIN is the build's bin folder). Must never: need a hub."""

import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAVCTL = os.path.join(os.environ["NAV_BIN"], "navctl")
OF_ALL = {"home", "help"}


def navctl(*args):
    return subprocess.run([NAVCTL, *args], capture_output=True, text=True, check=True).stdout


def commands():
    """{name: its options}, by navctl's own help."""
    listed = navctl("--help").split("Commands:\n")[1].split("\n\n")[0]
    names = [re.match(r"  ([a-z]+(?: [a-z-]+)?)", line).group(1) for line in listed.splitlines()]
    assert len(names) > 20, names
    return {name: set(re.findall(r"^  --([a-z-]+)", navctl(*name.split(), "--help"), re.M)) | OF_ALL for name in names}


def documents():
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "*.md"], capture_output=True, text=True,
                             check=True).stdout
    return tracked.split()


def shown(text):
    """What is code in the text: blocks by lines, without their comments, and spans."""
    blocks = [line.split(" #")[0] for line in text.splitlines() if line.startswith("    ")]
    return blocks + re.findall(r"`([^`]+)`", text)


def check_commands(name, text, known, found):
    for code in shown(text):
        for use in re.findall(r"navctl (?:--home \S+ )?(.*)", code):
            words = use.replace("…", " ").split()
            if not words or not re.fullmatch(r"-{0,2}[a-z-]+", words[0]):
                continue  # a picture, or a sentence
            command = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
            if command is None and (words[0] == "--help" or (words[1:] == ["--help"] and any(k.startswith(words[0] + " ") for k in known))):
                continue
            assert command is not None, f"{name}: there is no command in 'navctl {use}'"
            for option in re.findall(r"(?<=\s)--([a-z-]+)", use):
                assert option in known[command], f"{name}: '{command}' has no option --{option}"
            found.append(command)


def check_links(name, text):
    for target in re.findall(r"\]\(([^)#]+)", text):
        if not target.startswith("http"):
            path = os.path.join(ROOT, os.path.dirname(name), target)
            assert os.path.exists(path), f"{name}: the link to {target} leads nowhere"


def check_tunables():
    """What deploy/README.md advises for PostgreSQL's environment is what deploy/quickstart does."""
    with open(os.path.join(ROOT, "deploy", "quickstart"), encoding="utf-8") as file:
        does = re.search(r"(?m)^database_tunables=(\S+)$", file.read())[1]
    with open(os.path.join(ROOT, "deploy", "README.md"), encoding="utf-8") as file:
        assert f"GLIBC_TUNABLES = '{does}'" in file.read(), "deploy/README.md advises other GLIBC_TUNABLES than deploy/quickstart sets"


def check_event():
    """The event that adapters/README.md shows is one, by the shipped rules' own reader."""
    with open(os.path.join(ROOT, "adapters", "README.md"), encoding="utf-8") as file:
        event = re.search(r'(?m)^    \{"specversion".*\n(?:     .*\n)+', file.read())[0]
    done = subprocess.run([NAVCTL, "access", "explain", os.path.join(ROOT, "config"), "--event", "-", "--to", "polisen", "--purpose",
                           "situation-picture", "-o", "json"], input=event, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (event, done.stderr)


def main():
    check_tunables()
    check_event()
    known, found = commands(), []
    for name in documents():
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        check_links(name, text)
        check_commands(name, text, known, found)
    assert len(found) > 20, found
    missing = {"hold list", "hold show", "hold release", "hold refuse", "recall send", "recall status"} - set(found)
    assert not missing, f"no document shows {missing}"
    print(f"ok {len(found)} commands in the documents")


if __name__ == "__main__":
    main()
