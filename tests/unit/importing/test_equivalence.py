"""What two RUN instructions must have to be the same, rule by rule, and what makes them different."""

# ruff: noqa: E501 (a RUN is one line here, however long)

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rgraph.importing.equivalence import Different, Equal, Equivalent, Result, State, compare, compare_run
from rgraph.importing.equivalence.rules import RULES
from rgraph.importing.parsing import instructions_of

STATE = State(
    "posix",
    {"DEBIAN_FRONTEND": "noninteractive", "V": "1.2", "TWO": "a b", "PATTERN": "*"},
    frozenset({"ARGUMENT"}),
)
TAR = "curl -o /tmp/f.tar.gz https://x.y/f.tar.gz && "

SAME = [
    ("archive", "cd /x && tar zxvf f.tar.gz", "cd /x && tar -xf f.tar.gz"),
    ("archive", "tar -xzf /x/f.tgz -C /y --strip 1", "tar -xf /x/f.tgz -C /y --strip-components=1"),
    ("build-argument", "apt-get install -y a=$ARGUMENT", 'apt-get install -y "a=${ARGUMENT}"'),
    ("calls-of-r", "R -e \"install.packages('a',repos='https://r.x/')\"", "Rscript -e 'install.packages(c(\"a\"), repos = c(CRAN = \"https://r.x\"))'"),
    ("download-name", "mkdir /w && cd /w && wget https://x.y/f", "mkdir /w && cd /w && wget -qO f https://x.y/f"),
    ("environment", "apt-get install -y a", "DEBIAN_FRONTEND=noninteractive apt-get install -y a"),
    ("existing-folder", "wget -qO /opt/f https://x.y/f", "mkdir -p /opt && wget -qO /opt/f https://x.y/f"),
    ("jobs", "make -j $(nproc --all) all", 'make -j"$(nproc)" all'),
    ("jobs", "make -j8", "make --jobs=4"),
    ("mkdir-p", "mkdir /w", "mkdir -p /w"),
    ("options", "apt-get -qq --yes install a", "apt-get install -y a"),
    ("options", "curl -sSL https://x.y/f -o /f", "curl -Lo /f https://x.y/f"),
    ("options", "conda install a -c b --yes", "conda install -y -c b a"),
    ("options", "conda clean --all -f -y", "conda clean -afy"),
    ("options", "git clone -b v1 https://x.y/r.git", "git clone --branch v1 https://x.y/r.git r"),
    ("options", "install2.r -e -n 4 a", "install2.r --ncpus=4 --error a"),
    ("package-pattern", "conda install -y a=1.*", "conda install -y 'a=1.*'"),
    ("package-pattern", "pip install a[b]==2", "pip install 'a[b]==2'"),
    ("quoting", "echo 'a b' c", 'echo "a b" "c"'),
    ("redirection", "curl -f https://x.y/f > /f", "curl -f -o /f https://x.y/f"),
    ("removal", f"{TAR}tar -xf /tmp/f.tar.gz -C /o && make && rm /tmp/f.tar.gz", f"{TAR}tar -xf /tmp/f.tar.gz -C /o && rm -f /tmp/f.tar.gz && make"),
    ("removal", f"{TAR}find / -type d -name c | xargs rm -rf && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && find / -type d -name c | xargs rm -rf"),
    ("set-e", "set -ex; a b; c", "a b && c"),
    ("set-e", "set -eu; a $V; c", "a $V && c"),
    ("subshell", "cd /w && a && cd / && b", "( cd /w && a ) && cd / && b"),
    ("variable-of-env", "x a-$V ${V}", "x a-1.2 1.2"),
    ("variable-of-env", 'a "$TWO"', "a 'a b'"),
    ("variable-of-run", 'F=/tmp/f && sh "$F"', "F=/tmp/f && sh /tmp/f"),
    ("variable-of-run", "sh /tmp/f", 'FILE=/tmp/f && sh "$FILE"'),
    ("set-e", "set -e; a; set -x; b $((1 + 2))", "a && set -x && b $((1 + 2))"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "original", "regenerated"), SAME)
def test_each_rule(rule: str, original: str, regenerated: str) -> None:
    result = compare_run(original, regenerated, STATE)
    assert isinstance(result, Equivalent)
    assert rule in result.rules
    assert set(result.rules) <= RULES.keys()


DIFFERENT = [
    ("a; b", "a && b"),
    ("a && b", "a; b"),
    ("a || b", "a"),
    ("set -e; a | b; c", "a && b && c"),
    ("set -x; a; b", "a && b"),
    ("set -eu; a $UNKNOWN; b", "a $UNKNOWN && b"),
    ("a && b", "b && a"),
    ("a 'b c'", "a b c"),
    ("a $X", 'a "$X"'),
    ("a $TWO", "a 'a b'"),
    ("a $PATTERN", "a '*'"),
    ("a '$V'", "a 1.2"),
    ("V=2 && a $V", "a 1.2"),
    ("export V=2 && a $V", "export V=2 && a 1.2"),
    ("read V && a $V", "read V && a 1.2"),
    (". ./x && a $V", ". ./x && a 1.2"),
    ("F=/tmp/f && sh /tmp/f", "sh /tmp/f"),
    ("FILE=/tmp/f && sh /tmp/f", "sh /tmp/f"),
    ("sh /tmp/f", 'F=/tmp/f && sh "$F"'),
    ("sh /tmp/f $FILE", 'FILE=/tmp/f && sh "$FILE" $FILE'),
    ("sh /tmp/f ${FILE:-1}", 'FILE=/tmp/f && sh "$FILE" ${FILE:-1}'),
    ("PATH=$PATH:/o && apt-get install -y a", "apt-get install -y a"),
    ("PATH=/o:$PATH && apt-get install -y a", "apt-get install -y a"),
    ("HOME=/o && apt-get install -y a", "apt-get install -y a"),
    ("LD_LIBRARY_PATH=/o && apt-get install -y a", "apt-get install -y a"),
    ("set -e; PIP_INDEX_URL=https://x.y; pip install a", "pip install a"),
    ("set -e; a; set +e; b; c", "a && set +e && b && c"),
    ("set -ex; a; set +ex; b; c", "a && set +ex && b && c"),
    ("set -e; a; set +o errexit; b; c", "a && set +o errexit && b && c"),
    ("set -e; a; eval 'set +e'; b; c", "a && eval 'set +e' && b && c"),
    ("set -e; a; . ./f; b; c", "a && . ./f && b && c"),
    ("set -e; a; command set +e; b; c", "a && command set +e && b && c"),
    ("set -e; a; $X +e; b; c", "a && $X +e && b && c"),
    ("set -e; trap x ERR; b; c", "trap x ERR && b && c"),
    ("set -eu; a; V=1; unset V; b $V", "a && V=1 && unset V && b $V"),
    ("set -eu; a $(b $X); c", "a $(b $X) && c"),
    ("V+=.2 && a $V", "V+=.2 && a 1.2"),
    ("V[0]=2 && a $V", "V[0]=2 && a 1.2"),
    ("((V=3)) && a $V", "((V=3)) && a 1.2"),
    ("b $((V=3)) && a $V", "b $((V=3)) && a 1.2"),
    ("b $((V++)) && a $V", "b $((V++)) && a 1.2"),
    ("b ${X:V=3} && a $V", "b ${X:V=3} && a 1.2"),
    ("b $[V=3] && a $V", "b $[V=3] && a 1.2"),
    ("if ((V=3)); then b; fi && a $V", "if ((V=3)); then b; fi && a 1.2"),
    ("{ b $((V=3)); } && a $V", "{ b $((V=3)); } && a 1.2"),
    ("{ $X V=3; } && a $V", "{ $X V=3; } && a 1.2"),
    ("{ 'read' V; } && a $V", "{ 'read' V; } && a 1.2"),
    ("command export V=3 && a $V", "command export V=3 && a 1.2"),
    ("builtin read V && a $V", "builtin read V && a 1.2"),
    (": ${V:=3} && a $V", ": ${V:=3} && a 1.2"),
    (": ${V=3} && a $V", ": ${V=3} && a 1.2"),
    ("for V in 1 2; do b; done && a $V", "for V in 1 2; do b; done && a 1.2"),
    ("unset V && a $V", "unset V && a 1.2"),
    ("printf -v V x && a $V", "printf -v V x && a 1.2"),
    ("V=3 : && a $V", "V=3 : && a 1.2"),
    ("( V=5 && a ) && b", "V=5 && a && b"),
    ("( export V=5 && a ) && b", "export V=5 && a && b"),
    ("( a && exit 0 ) && b", "a && exit 0 && b"),
    ("( umask 077 && a ) && b", "umask 077 && a && b"),
    ("( { umask 077; } && a ) && b", "{ umask 077; } && a && b"),
    ("( $X 077 && a ) && b", "$X 077 && a && b"),
    ("IFS=. && a $V", "IFS=. && a 1.2"),
    ("cd /x && eval 'cd /y' && rm f", "cd /x && eval 'cd /y' && cd /x && rm f"),
    ("a *", "a '*'"),
    ("a ~", "a '~'"),
    ("echo \\~", "echo ~"),
    ("cd /a && b", "cd /c && b"),
    ("cd /a && b", "b"),
    ("cd /a", "cd /b"),
    ("cd .. && b", "b"),
    ("( cd /a && b ) && c", "cd /a && b && c"),
    ("( F=1 && a ) && b $F", "F=1 && a && b $F"),
    ('F=1 && sh -c "b" && if a; then echo $F; fi', 'sh -c "b" && if a; then echo $F; fi'),
    ("V=9 && a", "a"),
    ("{ cd /a; } && apt-get install -y a && b", "apt-get install -y a && { cd /a; } && b"),
    ("apt-get install -y a", "apt-get install a"),
    ("apt-get install -y a", "apt-get install -y --no-install-recommends a"),
    ("apt-get install -y a", "apt install -y a"),
    ("apt-get install -y a b", "apt-get install -y b a"),
    ("apt-get install -y ./a", "cd /x && apt-get install -y ./a"),
    ("DEBIAN_FRONTEND=readline apt-get install -y a", "apt-get install -y a"),
    ("A=1 apt-get install -y a", "apt-get install -y a"),
    ("apt-get install -y a > /l", "apt-get install -y a"),
    ("apt-get install -y 'a\u00a0'", "apt-get install -y a"),
    ("curl -o /f https://x.y/f", "curl -fo /f https://x.y/f"),
    ("curl -o /f https://x.y/f", "curl -Lo /f https://x.y/f"),
    ("curl -o /f https://x.y/f", "wget -O /f https://x.y/f"),
    ("curl https://x.y/f >> /f", "curl -o /f https://x.y/f"),
    ("curl https://x.y/f | sh", "curl -f https://x.y/f | sh"),
    ("wget https://x.y/f", "wget -O f https://x.y/f"),
    ("mkdir -p /w && cd /w && wget https://x.y/f", "mkdir -p /w && cd /w && wget -O f https://x.y/f"),
    ("mkdir /w && cd /w && touch f && wget https://x.y/f", "mkdir /w && cd /w && touch f && wget -O f https://x.y/f"),
    ("wget -O /f -T 5 https://x.y/f", "wget -O /f https://x.y/f"),
    ("wget -O /f https://x.y/f https://x.y/g", "wget -O /f https://x.y/f"),
    ("mkdir -p /w", "mkdir /w"),
    ("mkdir -p /opt && wget -qO /opt/f https://x.y/f", "wget -qO /opt/f https://x.y/f"),
    ("wget -qO /opt/f https://x.y/f", "mkdir -p /srv && wget -qO /opt/f https://x.y/f"),
    ("tar -xf /f.tar.gz -C /a", "tar -xf /f.tar.gz -C /b"),
    ("tar -xf /f.tar.gz -C /a", "tar -xf /f.tar.gz -C /a --strip-components=1"),
    ("tar -xjf /f.tar.gz", "tar -xf /f.tar.gz"),
    ("tar -xpf /f.tar.gz", "tar -xf /f.tar.gz"),
    ("tar -xf /f.tar.gz a", "tar -xf /f.tar.gz"),
    ("make", "make -j4"),
    ("make -j", "make -j4"),
    ("make -j all", "make -j4 all"),
    ("make -j1", "make -j4"),
    ("make -j4 all", "make -j4 install"),
    ("rm -f /a", "rm /a"),
    ("rm -rf /a", "rm -f /a"),
    (f"{TAR}cp /tmp/f.tar.gz /o && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && cp /tmp/f.tar.gz /o"),
    (f"{TAR}cp /tmp/* /o && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && cp /tmp/* /o"),
    (f"{TAR}cp -r /tmp /o && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && cp -r /tmp /o"),
    (f"{TAR}cd /tmp && a && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && cd /tmp && a"),
    (f"{TAR}if a; then b; fi && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && if a; then b; fi"),
    (f"{TAR}eval a && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && eval a"),
    (f"{TAR}a $X && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && a $X"),
    (f'{TAR}a "$X" && rm /tmp/f.tar.gz', f'{TAR}rm /tmp/f.tar.gz && a "$X"'),
    (f"{TAR}a $(cat $X) && rm /tmp/f.tar.gz", f"{TAR}rm /tmp/f.tar.gz && a $(cat $X)"),
    (f"{TAR}rm /tmp/f.tar.gz", TAR.removesuffix(" && ")),
    ("conda install -y -c a -c b x", "conda install -y -c b -c a x"),
    ("conda clean -ay", "conda clean -afy"),
    ("pip install a", "pip install --no-cache-dir a"),
    ("pip install -r a", "pip install a"),
    ("pip install .", "cd /x && pip install ."),
    ("pip install a.whl", "cd /x && pip install a.whl"),
    ("pip install a", "pip3 install a"),
    ("git clone -b v1 https://x.y/r", "git clone --depth 1 -b v1 https://x.y/r"),
    ("cd /a && git clone https://x.y/r", "git clone https://x.y/r /b/r"),
    ("R -e 'install.packages(\"a\", repos=\"https://x\", dependencies=TRUE)'", "R -e 'install.packages(\"a\", repos=\"https://x\")'"),
    ("Rscript --vanilla -e 'a()'", "Rscript -e 'a()'"),
    (f'echo "{"a" * 64}  /f" | sha256sum -c -', f'echo "{"b" * 64}  /f" | sha256sum -c -'),
    (f'echo "{"a" * 64}  /f" | sha256sum -c -', f'echo "{"a" * 64}  /g" | sha256sum -c -'),
]  # fmt: skip


@pytest.mark.parametrize(("original", "regenerated"), DIFFERENT)
def test_what_no_rule_covers_is_different(original: str, regenerated: str) -> None:
    assert isinstance(compare_run(original, regenerated, STATE), Different)


def test_white_space_alone_is_the_same() -> None:
    assert compare_run("a   b && \t c", "a b     && c", STATE) == Equal()
    assert isinstance(compare_run("a 'b  c'", "a 'b c'", STATE), Different)


def test_a_shell_with_a_profile_knows_no_variable() -> None:
    login = State("posix", STATE.values, STATE.arguments, profile=True)
    assert isinstance(compare_run("a $V", "a 1.2", login), Different)


@pytest.mark.parametrize("name", ["FILE", "BASH_ENV"])
def test_what_an_env_declares_is_not_taken_for_unset(name: str) -> None:
    state = State("posix", STATE.values, STATE.arguments, declared=frozenset({name}))
    assert isinstance(compare_run("a $V", 'FILE=1.2 && a "$FILE"', state), Different)
    assert isinstance(
        _compared(f"ARG {name}\nENV V=1.2\nRUN a $V", f"ARG {name}\nENV V=1.2\nRUN FILE=1.2 && a $FILE"),
        Different,
    )


def test_a_variable_that_the_shell_sets_itself_is_not_replaced() -> None:
    assert isinstance(compare_run("a $SECONDS", "a 1", State("posix", {"SECONDS": "1"})), Different)


def test_a_shell_that_is_not_known_is_compared_by_its_text() -> None:
    assert isinstance(compare_run("a  b", "a b", State(None)), Different)


def _compared(original: str, regenerated: str) -> Result:
    return compare(instructions_of(original), instructions_of(regenerated))


@pytest.mark.parametrize(
    ("original", "regenerated"),
    [
        ("ENV A 1\nENV B=2", "ENV A=1 \\\n    B=2"),
        ("ENV A=1\nENV B=$A/x", "ENV A=1\nENV B=1/x"),
        ("ENV A='x y'", 'ENV A="x y"'),
        ("ENV A=x\\ y", 'ENV A="x y"'),
        ("LABEL b=1 a=2", "LABEL a=2\nLABEL b=1"),
        ("EXPOSE 1 2", "EXPOSE 2\nEXPOSE 1"),
        ("ARG A\nARG B=1", "ARG B=1\nARG A"),
        ("ENV V=1\nRUN a $V", "ENV V=1\nRUN a 1"),
        ('COPY "a" b/', "COPY a b/"),
        ("WORKDIR '/a'", "WORKDIR /a"),
        ("ARG B=1\nARG A=2\nARG C=$A", "ARG A=2\nARG B=1\nARG C=${A}"),
        ("ENV B=2 A=$B\nENV C=3", "ENV A=${B} B=2 C=3"),
        ('ENV B=1\nENV A=2\nENV R="\t"', 'ENV A=1 B=1\nENV A=2\nENV R="\t"'),
        ("LABEL B=1\nLABEL A=$'b'\nLABEL D=1\nLABEL C=1", "LABEL B=1\nLABEL A=$'b'\nLABEL C=1\nLABEL D=1"),
    ],
)
def test_other_instructions_that_are_the_same(original: str, regenerated: str) -> None:
    assert isinstance(_compared(original, regenerated), Equivalent)


@pytest.mark.parametrize(
    ("original", "regenerated"),
    [
        ("ENV A=1\nENV B=$A", "ENV A=1 B=$A"),
        ("ENV A='$B'", "ENV A=$B"),
        ("ENV A=${B:-1}", "ENV A=${B:-2}"),
        ("ENV A=1\nENV A=2", "ENV A=1"),
        ("ENV A=1\nRUN a\nENV B=2", "ENV A=1 B=2\nRUN a"),
        ("ARG A\nENV B=1", "ENV B=1\nARG A"),
        ("ARG A=1\nARG B=$A", "ARG B=$A\nARG A=1"),
        ("ARG A=1 B=$A", "ARG A=1\nARG B=$A"),
        ("ARG A=1\nARG B=${A:-1}", "ARG B=${A:-1}\nARG A=1"),
        ("ARG A=1\nARG B=$A\nARG A=2", "ARG A=1\nARG A=2\nARG B=$A"),
        ("ARG A=1\nARG A=2", "ARG A=1"),
        ('ENV R="\t"', 'ENV R=" "'),
        ('CMD ["a", "b"] # run it', 'CMD ["a", "b"]'),
        ('RUN [ "a" ] && b', 'RUN ["a"]'),
        ("ARG V=1\nRUN a $V", "ARG V=1\nRUN a 1"),
        ("RUN a", "RUN a\nRUN b"),
        ("RUN --mount=type=cache,target=/x a", "RUN a"),
        ('RUN ["a", "b"]', "RUN a b"),
        ("RUN <<E\na\nE", "RUN <<E\nb\nE"),
        ("USER a", "USER b"),
        ("COPY --chown=a x y", "COPY x y"),
        ("ONBUILD RUN a", "RUN a"),
        ('VOLUME ["/a"]', "VOLUME /b"),
        ("SHELL [\"/bin/bash\", \"-lc\"]\nENV V=1\nRUN a $V", "SHELL [\"/bin/bash\", \"-lc\"]\nENV V=1\nRUN a 1"),
    ],
)  # fmt: skip
def test_other_instructions_that_are_different(original: str, regenerated: str) -> None:
    assert isinstance(_compared(original, regenerated), Different)


def test_each_rule_is_documented() -> None:
    text = Path("docs/import-rules.md").read_text("utf-8")
    assert set(re.findall(r"^### (\S+)$", text, re.MULTILINE)) == RULES.keys()
