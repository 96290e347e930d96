#!/usr/bin/env bash
# demo.sh BINDIR: shows the switch at work and leaves the machine as it was. Called by `make demo`, as root.
#
# Everything happens in network namespaces with a prefix of our own: one for the switch, four that play containers.
# The transcript is for people; each claim in it is checked, and the first one that does not hold ends the demo with exit code 1.
set -euo pipefail

bin=${1:?usage: demo.sh BINDIR}
bin=$(cd "$bin" && pwd)
export PATH=$bin:$PATH

p=sldemo$$
dir=$(mktemp -d "${TMPDIR:-/tmp}/sluice-demo.XXXXXX")
export SLUICE_RUNDIR=$dir SLUICE_DBDIR=$dir
unset OVS_RUNDIR NOTIFY_SOCKET
server=
client=
had_netns_dir=
[ -e /run/netns ] && had_netns_dir=yes

# ---- Talking -------------------------------------------------------------------------------------

if [ -t 1 ]; then
    bold=$(printf '\033[1m') green=$(printf '\033[32m') red=$(printf '\033[31m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
    bold='' green='' red='' dim='' plain=''
fi
step=0
title() {
    step=$((step + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step" "$*" "$plain"
}
tell() { printf '   %s\n' "$@"; }
good() { printf '   %sok%s  %s\n' "$green" "$plain" "$*"; }
fail() {
    printf '   %sFAILED%s  %s\n' "$red" "$plain" "$*" >&2
    exit 1
}
# Shows a command, runs it beside the switch, and shows its output indented.
show() {
    printf '   %s$ %s%s\n' "$dim" "$*" "$plain"
    in_switch "$@" 2>&1 | sed 's/^/     /'
}

# ---- Namespaces ----------------------------------------------------------------------------------

# Not `ip netns exec`, which would hide parts of /sys from the programs.
inside() { # NAMESPACE COMMAND...
    local ns=$1
    shift
    nsenter --net="/run/netns/$p-$ns" -- "$@"
}
in_switch() { inside sw "$@"; }
# The same in the background. Its pid, $!, is the command's own, which nsenter becomes.
start_inside() { # NAMESPACE COMMAND... (with redirections)
    local ns=$1
    shift
    nsenter --net="/run/netns/$p-$ns" -- "$@" &
}

cleanup() {
    local rc=$?
    trap - EXIT INT TERM
    set +e
    if [ $rc = 130 ]; then
        echo "Interrupted: cleaning up."
    elif [ $rc != 0 ] && ls "$dir"/*.log >/dev/null 2>&1; then
        echo
        echo "The demo failed (exit code $rc). The ends of the switch's logs:"
        tail -n 8 "$dir"/*.log 2>/dev/null
    fi
    for pid in $client $server; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    [ -e "/run/netns/$p-sw" ] && in_switch sluice down >/dev/null 2>&1
    for ns in c1 c2 c3 c4 sw; do
        [ -e "/run/netns/$p-$ns" ] && ip netns del "$p-$ns"
    done
    if [ -z "$had_netns_dir" ] && rmdir /run/netns 2>/dev/null; then
        :
    elif [ -z "$had_netns_dir" ] && [ -z "$(ls -A /run/netns 2>/dev/null)" ]; then
        umount /run/netns 2>/dev/null
        rmdir /run/netns 2>/dev/null
    fi
    rm -rf "$dir"
    exit $rc
}
trap cleanup EXIT
trap 'exit 130' INT TERM

wait_for() { # SECONDS COMMAND...
    local until=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$until" ] || return 1
        sleep 0.05
    done
}

# ---- What the demo asks --------------------------------------------------------------------------

answers() { inside "$1" ping -q -n -c 3 -i 0.1 -W 1 "$2" >/dev/null; }
reaches() { # FROM ADDRESS WHAT
    answers "$1" "$2" || fail "$3: no answer"
    good "$3"
}
pid_of() { cat "$dir/$1.pid"; }
is_well() { sluice status >/dev/null 2>&1; }
# TCP segments that a container's kernel sent again, ever.
resent() { inside "$1" awk '/^Tcp:/ { if (n++) print $13 }' /proc/net/snmp; }
# A counter of a container's eth0, as its kernel counts: packets that left (tx_packets), or did not (tx_dropped), or came.
counter() { inside "$1" ip -s -j link show eth0 | /usr/bin/python3 -c 'import json, sys
way, what = sys.argv[1].split("_")
print(json.load(sys.stdin)[0]["stats64"][way][what])' "$2"; }
sent_not_received() { # FROM TO: up to now
    echo $(($(counter "$1" tx_packets) + $(counter "$1" tx_dropped) - $(counter "$2" rx_packets)))
}
# Packets that the switch dropped, ever.
dropped() {
    sluice-appctl -t sluice-datapath --format=json dpctl/show-drops |
        /usr/bin/python3 -c 'import json, sys; print(sum(r["packets"] for r in json.load(sys.stdin)))'
}
# What an iperf3 client's JSON says.
iperf_field() { # FILE PYTHON-EXPRESSION OF r
    /usr/bin/python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
if "error" in r: sys.exit("iperf3: " + r["error"])
print(eval(sys.argv[2]))' "$1" "$2"
}
listen() { # NAMESPACE
    [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    start_inside "$1" iperf3 -s >/dev/null 2>&1
    server=$!
    wait_for 5 listening "$1" || fail "iperf3's server did not start"
}
listening() { inside "$1" ss -Hltn | grep -q :5201; }

container() { # NAME VLAN ADDRESS
    show sluice-vsctl add-port br0 "$1" tag="$2" -- set interface "$1" type=internal
    in_switch ip link set "$1" netns "$p-$1" || fail "the device $1 was not made"
    inside "$1" ip link set "$1" name eth0
    inside "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null || true # Less to read below.
    inside "$1" ip addr add "$3/24" dev eth0
    inside "$1" ip link set lo up
    inside "$1" ip link set eth0 up
}

# ---- The demo ------------------------------------------------------------------------------------

[ "$(id -u)" = 0 ] || { echo "demo.sh: network namespaces need root: run it as root" >&2; exit 1; }
for tool in ip nsenter ping iperf3 ss; do
    command -v $tool >/dev/null || { echo "demo.sh: '$tool' is missing: 'make deps' installs it" >&2; exit 1; }
done
for program in sluice sluice-vsctl sluice-appctl; do
    [ -x "$bin/$program" ] || { echo "demo.sh: '$bin/$program' is missing: 'make' builds it" >&2; exit 1; }
done

echo "${bold}Sluice: four containers, two VLANs, one switch in three processes.${plain}"
tell "No hugepages, no NIC, no kernel module. All of it lives in network namespaces called $p-*"
tell "and in $dir, and is removed at the end."

title "Start the switch"
for ns in sw c1 c2 c3 c4; do
    ip netns add "$p-$ns"
done
in_switch ip link set lo up
in_switch sluice up 2>&1 | sed 's/^/   /'
show sluice status
tell "sluice-db holds the configuration, sluice-vswitchd decides, sluice-datapath moves packets."

title "Configure a bridge with four containers, through the database"
show sluice-vsctl add-br br0
container c1 10 10.0.0.1
container c2 10 10.0.0.2
container c3 20 10.0.0.3
container c4 20 10.0.0.4
tell "Each device was then moved into its container, as eth0 with 10.0.0.1 to 10.0.0.4."
show sluice-vsctl show

title "Who reaches whom"
reaches c1 10.0.0.2 "c1 reaches c2: both are in VLAN 10"
reaches c3 10.0.0.4 "c3 reaches c4: both are in VLAN 20"
for pair in "c1 10.0.0.3 c3" "c4 10.0.0.2 c2"; do
    set -- $pair
    if answers "$1" "$2"; then
        fail "$1 reaches $3 although they are in different VLANs"
    fi
    good "$1 does not reach $3: different VLANs, though one subnet"
done

title "Transfer TCP from c1 to c2 at full speed, for two seconds"
listen c2
inside c1 iperf3 -J -t 2 -c 10.0.0.2 >"$dir/full.json" || fail "$(iperf_field "$dir/full.json" 'r["end"]' 2>&1)"
good "$(iperf_field "$dir/full.json" '"%.1f Gbit/s" % (r["end"]["sum_received"]["bits_per_second"] / 1e9)')"

title "Kill sluice-vswitchd in mid-transfer"
tell "A transfer at a steady 400 Mbit/s runs for five seconds; after two, the control daemon gets SIGKILL."
missing_before=$(sent_not_received c1 c2)
back_before=$(sent_not_received c2 c1)
dropped_before=$(dropped)
start_inside c1 iperf3 -J -i 0.25 -t 5 -b 400M -c 10.0.0.2 >"$dir/kill.json"
client=$!
sleep 2.1
old=$(pid_of sluice-vswitchd)
resent_at_kill=$(resent c1)
tell "${dim}\$ kill -9 $old${plain}"
kill -9 "$old"
killed_at=$(date +%s%N)
restarted() { is_well && [ "$(pid_of sluice-vswitchd)" != "$old" ]; }
wait_for 10 restarted || fail "sluice-vswitchd was not restarted"
tell "Its supervisor had it running again after $((($(date +%s%N) - killed_at) / 1000000)) ms, as process $(pid_of sluice-vswitchd)."
wait "$client" || fail "the transfer broke: $(iperf_field "$dir/kill.json" 'r["end"]' 2>&1)"
client=
sleep 0.3 # The last acknowledgements.
/usr/bin/python3 - "$dir/kill.json" <<'PYTHON'
import json, sys
r = json.load(open(sys.argv[1]))
print("     from s  Mbit/s  sent again")
for i in r["intervals"]:
    s = i["sum"]
    mark = "  <- killed" if s["start"] <= 2.1 < s["end"] else ""
    if 1.2 < s["start"] < 3.6:
        print("     %6.2f  %6.0f  %10d%s" % (s["start"], s["bits_per_second"] / 1e6, s["retransmits"], mark))
PYTHON
[ "$(iperf_field "$dir/kill.json" 'min(i["sum"]["bytes"] for i in r["intervals"][:-1]) > 0')" = True ] ||
    fail "the transfer stood still"
good "bytes flowed in every quarter of a second"
missing=$(($(sent_not_received c1 c2) - missing_before))
back=$(($(sent_not_received c2 c1) - back_before))
[ "$missing" = 0 ] && [ "$back" = 0 ] ||
    fail "packets that one container sent and the other did not get: $missing from c1 to c2, $back from c2 to c1"
good "not one segment was lost: all that c1 and c2 sent to each other during the transfer arrived"
tell "Counted by their own kernels. The switch dropped $(($(dropped) - dropped_before)) packets."
again=$(($(resent c1) - resent_at_kill))
[ "$again" = 0 ] || tell "(TCP sent $again segment(s) twice since the kill, as it does when a machine is busy: both copies arrived.)"

title "New flows work again"
tell "c3 gets a MAC address that the switch has never seen."
inside c3 ip link set eth0 address 02:00:00:00:00:33
reaches c3 10.0.0.4 "c3 reaches c4 with its new address"
is_well || fail "sluice status is not well"
show sluice status

title "What the datapath caches"
show sluice-appctl dpctl/dump-flows --names

title "Port counters"
show sluice-appctl -t sluice-datapath dpctl/show

title "Every drop has a reason"
tell "c1, in VLAN 10, sends three frames with a tag of VLAN 20. Its port does not admit them."
before=$(dropped)
inside c1 /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for i in range(3):
    s.send(b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x81\0\0\x14" + b"\x08\0" + bytes(46))'
are_dropped() { [ $(($(dropped) - before)) -ge 3 ]; }
wait_for 5 are_dropped || fail "the tagged frames were not dropped"
show sluice-appctl dpctl/show-drops

title "Stop"
pids=$(sort -u "$dir"/*.pid)
in_switch sluice down | sed 's/^/   /'
for pid in $pids; do
    # A zombie, whom nobody has waited for yet, is none.
    if grep -qs '^State:.[^Z]' "/proc/$pid/status"; then
        fail "process $pid is left"
    fi
done
devices=$(in_switch ip -o link | grep -cv ': lo:' || true)
[ "$devices" = 0 ] || fail "$devices network devices are left"
rest=$(find "$dir" \( -name '*.pid' -o -name '*.ctl' -o -name '*.sock' \) | wc -l)
[ "$rest" = 0 ] || fail "$rest files were left in the run directory"
good "no process, no device, no socket is left"
echo
echo "${bold}That is all. Your own switch: 'sluice up', then sluice-vsctl; see README.md.${plain}"
