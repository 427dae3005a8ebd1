# shellcheck shell=sh
# Runs programs of tests, some at the same time. For ./test, which has before it is read: `say` and `has`, and `folder`, a folder of
# its own with a list of the programs in `programs`, each by its path.
#
# What failed is in "$folder/failed" when all are over. A test that this machine was too slow for beside the others notes itself in "$folder/void"
# (tests/common/pace.rs): program, tab, test. That is no failure yet: `alone` runs these again.

: >"$folder/failed"
: >"$folder/void"
export RIGCAST_VOID="$folder/void"

# Whether all that failed in a program, by what it said, was void.
is_void() {
    wrong=$(sed -n 's/^test \([^ ]*\) \.\.\. FAILED$/\1/p' "$2")
    [ -n "$wrong" ] || return 1
    for test in $wrong; do
        grep -q "/$1-[0-9a-f]*	$test\$" "$folder/void" || return 1
    done
}
# What a command says is told as a whole when it ends, however many run.
as_one() {
    title=$1
    said="$folder/$(printf '%s' "$title" | tr -c 'a-z0-9_' '_').said"
    shift
    result=0
    "$@" >"$said" 2>&1 || result=$?
    if [ "$result" != 0 ] && ! { [ "$result" = 101 ] && is_void "$title" "$said"; }; then
        printf ' %s' "$title" >>"$folder/failed"
    fi
    (
        ! has flock || flock 9
        printf '\n     Running %s\n' "$title"
        cat "$said"
    ) 9>"$folder/lock"
}
# The tests of that name, in the environment that cargo gives them.
run_tests() {
    env CARGO_MANIFEST_DIR="$PWD" $2 "$(sed -n "/\/$1-[0-9a-f]*\$/p" "$folder/programs")"
}
lane() {
    for name in "$@"; do
        as_one "$name" run_tests "$name" ""
    done
}
# Again, one by one and with nothing beside, what was void. It is final.
alone() {
    unset RIGCAST_VOID
    tab=$(printf '\t')
    while IFS="$tab" read -r program name <&3; do
        say "too slow a machine while others ran, now alone: $name"
        as_one "$name, alone" env CARGO_MANIFEST_DIR="$PWD" "$program" --exact "$name"
    done 3<"$folder/void"
}
