#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A machine in trouble: full, read-only, without descriptors, a folder missing, a damaged
# file, a wrong clock. Nothing is lost, the log says what to do, the gateway waits without
# work, and goes on by itself.

bats_require_minimum_version 1.5.0

load gateway_helpers

setup() {
	MOUNTED=() TRACER='' FIXED=''
	start_stub
	make_site
}

teardown() {
	local status=0 each
	[ -z "$FIXED" ] || chattr -i "$FIXED"
	[ -z "$TRACER" ] || kill "$TRACER" 2>/dev/null || true
	clean_up || status=$?
	for each in "${MOUNTED[@]}"; do
		umount -l "$each"
	done
	return "$status"
}

# --- file systems of our own ---

needs_mount() {
	[ "$(id -u)" = 0 ] || skip "only root may mount"
}

# mount_on FOLDER OPTION...: of mount(8).
mount_on() {
	local folder=$1
	shift
	mount "$@" "$folder" 2>/dev/null || skip "no mount of this kind here: $*"
	MOUNTED=("$folder" "${MOUNTED[@]}")
}

# spool_on_tmpfs OPTIONS: the spool is a small file system, in memory.
spool_on_tmpfs() {
	needs_mount
	mount_on "$SPOOL" -t tmpfs -o "$1" tmpfs
	mkdir "$SPOOL/incoming"
}

# Leaves KIB of it.
fill_but() {
	local free
	free=$(df --output=avail -k "$SPOOL" | tail -n 1)
	fallocate -l "$((free - $1))K" "$SPOOL/filler"
}

# --- what the gateway does meanwhile ---

# Hundredths of a second of processor time.
time_used() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$GATEWAY_PID/stat"
}

# For a while that a busy loop would fill.
waits_idly() {
	local before used
	before=$(time_used)
	sleep 1
	used=$(($(time_used) - before))
	[ "$used" -le 20 ] || {
		echo "it used $used hundredths of a second while it waited"
		return 1
	}
}

is_waiting_in_incoming() {
	[ -e "$SPOOL/incoming/$1" ]
}

# pass_another [ID]: what was dropped before has had its turn once this one is through.
pass_another() {
	document "WEB-900:${1:-900}" | drop another.xml
	eventually is_sent another.xml
}

# --- no room ---

@test "a disk that gets full stops the claims before it is full, and they go on" {
	spool_on_tmpfs size=8M
	set_option min_free '"2M"'
	start_gateway
	pass_another
	fill_but 1024
	document WEB-1:1 | drop a.xml
	eventually logged disk-nearly-full
	waits_idly
	is_waiting_in_incoming a.xml
	[ "$(count_logged disk-nearly-full)" -eq 1 ]
	eventually grep -q '"oldest_waiting_s":[0-9]' "$SPOOL/state.json"
	rm "$SPOOL/filler"
	eventually is_sent a.xml
	logged disk-has-space
	[ "$(count_logged trouble)" -eq 0 ]
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a disk that is full when an answer comes keeps it until there is room" {
	spool_on_tmpfs size=8M
	stub_rules '[{"on": "comments", "delay_ms": 700, "comments": {"2": "3002"}}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop a.xml
	stub_saw request 2
	fill_but 0
	eventually logged trouble 'remedy="free space or inodes'
	document WEB-3:3 >"$SITE/late.xml"
	waits_idly
	[ "$(count_logged trouble)" -eq 1 ]
	is_empty failed
	rm "$SPOOL/filler"
	eventually is_failed a.xml
	eventually logged trouble-over
	[[ $(reason_of a.xml) == *3002* ]]
	[ "$(requests_with 1) $(requests_with 2)" = '1 1' ]
	drop late.xml <"$SITE/late.xml"
	eventually is_sent late.xml
	iconv -f UTF-8 "$SPOOL"/audit/*.jsonl | python3 -c '
import json, sys
for line in sys.stdin:
    json.loads(line)'
}

@test "a disk without inodes stops the claims, and they go on" {
	spool_on_tmpfs size=8M,nr_inodes=600
	start_gateway
	pass_another
	document WEB-1:1 >"$SPOOL/incoming/.a"
	mkdir "$SPOOL/filler"
	(cd "$SPOOL/filler" && seq 400 | xargs touch)
	mv "$SPOOL/incoming/.a" "$SPOOL/incoming/a.xml"
	eventually logged disk-nearly-full 'free_inodes=1?[0-9]?[0-9] '
	waits_idly
	is_waiting_in_incoming a.xml
	rm -r "$SPOOL/filler"
	eventually is_sent a.xml
	[ "$(count_logged trouble)" -eq 0 ]
}

@test "a reason that finds no inode waits for one" {
	spool_on_tmpfs size=8M,nr_inodes=600
	stub_rules '[{"on": "comments", "delay_ms": 700, "code": "3002"}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request 1
	mkdir "$SPOOL/filler"
	(cd "$SPOOL/filler" && seq 600 | xargs touch 2>/dev/null) || true
	eventually logged trouble 'inodes'
	waits_idly
	is_sending a.xml
	rm -r "$SPOOL/filler"
	eventually is_failed a.xml
	[ "$(requests_with 1)" -eq 1 ]
}

# --- read-only ---

# inject SYSCALLS ERROR [PATH]: from now on these fail in the gateway, until heal.
inject() {
	command -v strace >/dev/null || skip "there is no strace"
	strace -qq -o /dev/null -p "$GATEWAY_PID" ${3:+-P "$3" -P "${3##*/}"} \
		-e "inject=$1:error=$2" 3>&- &
	TRACER=$!
	eventually grep -q "TracerPid:.$TRACER\$" "/proc/$GATEWAY_PID/status" ||
		skip "strace may not attach here"
}

heal() {
	kill "$TRACER"
	wait "$TRACER" || true
	TRACER=
}

@test "while nothing can be moved nothing is sent, and it goes on when it can" {
	start_gateway
	pass_another
	inject renameat2 EROFS
	document WEB-1:1 >"$SPOOL/incoming/a.xml"
	eventually logged trouble 'Read-only file system.*mount it read-write'
	document WEB-2:2 >"$SPOOL/incoming/b.xml"
	waits_idly
	is_waiting_in_incoming a.xml
	is_waiting_in_incoming b.xml
	[ "$(count_logged trouble)" -eq 1 ]
	heal
	eventually is_sent a.xml
	eventually is_sent b.xml
	logged trouble-over
	[ "$(requests_with 1) $(requests_with 2)" = '1 1' ]
}

@test "a file system that cannot rename as claims need it is no drop's trouble" {
	start_gateway
	pass_another
	inject renameat2 EINVAL
	document WEB-1:1 >"$SPOOL/incoming/a.xml"
	eventually logged trouble 'Invalid argument.*OpenZFS'
	heal
	eventually is_sent a.xml
}

@test "a file that may be read and not moved is told so" {
	start_gateway
	pass_another
	inject renameat2 EPERM
	document WEB-1:1 >"$SPOOL/incoming/a.xml"
	eventually logged unreadable 'remedy=.*sticky bit'
}

@test "a file system that breaks and turns read-only loses nothing" {
	needs_mount
	truncate -s 16M "$SITE/disk"
	mkfs.ext4 -q -O ^has_journal "$SITE/disk" || skip "there is no mkfs.ext4"
	mount_on "$SPOOL" -o loop,errors=remount-ro "$SITE/disk"
	local device
	device=$(findmnt -no SOURCE "$SPOOL")
	[ -w "/sys/fs/ext4/${device#/dev/}/trigger_fs_error" ] || skip "no error can be triggered"
	mkdir "$SPOOL/incoming"
	stub_rules '[{"on": "comments", "delay_ms": 700}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	stub_saw request
	document WEB-2:2 | drop b.xml
	sync -f "$SPOOL"
	echo 1 >"/sys/fs/ext4/${device#/dev/}/trigger_fs_error"
	eventually logged trouble 'Read-only file system'
	waits_idly
	[ "$(requests_with 2)" -eq 0 ]
	kill_gateway
	umount "$SPOOL"
	MOUNTED=()
	fsck.ext4 -p "$SITE/disk" >/dev/null || [ $? -le 1 ]
	mount_on "$SPOOL" -o loop "$SITE/disk"
	start_gateway
	eventually is_done
	holds_drops sent 2
}

# --- descriptors ---

runs_or_is_over() {
	logged started || is_over "$GATEWAY_PID"
}

# From where it cannot start to where it can do nearly all.
@test "short of descriptors it either works or says what it lacks, without a spin" {
	command -v prlimit >/dev/null || skip "there is no prlimit"
	local limit status ran=
	for limit in 18 19 20 21; do
		RUN_BY=(prlimit "--nofile=$limit:")
		: >"$LOG"
		launch_gateway
		eventually runs_or_is_over
		if ! logged started; then
			status=0
			gateway_status || status=$?
			[ "$status" -eq 75 ]
			grep 'Too many open files' "$LOG"
			continue
		fi
		ran=yes
		document "WEB-1:$limit" | drop "$limit.xml"
		echo 'no XML' | drop "no-$limit.xml"
		waits_idly
		logged trouble 'limit of open files' || logged hold || is_sent "$limit.xml"
		prlimit --pid "$GATEWAY_PID" --nofile=1024:
		eventually is_sent "$limit.xml"
		eventually is_failed "no-$limit.xml"
		[ "$(requests_with "$limit")" -eq 1 ]
		stop_gateway
	done
	[ "$ran" ]
}

@test "without any descriptor left it says so, waits, and goes on" {
	command -v prlimit >/dev/null || skip "there is no prlimit"
	start_gateway
	pass_another
	prlimit --pid "$GATEWAY_PID" --nofile=4:
	document WEB-1:1 | drop a.xml
	eventually logged trouble 'limit of open files'
	waits_idly
	is_waiting_in_incoming a.xml
	[ "$(count_logged trouble)" -eq 1 ]
	[ "$(count_logged unreadable)" -eq 0 ]
	prlimit --pid "$GATEWAY_PID" --nofile=1024:
	eventually is_sent a.xml
	logged trouble-over
}

# --- folders ---

@test "while incoming/ is missing the log has the command that makes it" {
	start_gateway
	pass_another
	mv "$SPOOL/incoming" "$SITE/away"
	eventually logged trouble "$SPOOL/incoming: there is no such folder.*opensi-spool init"
	touch "$SPOOL/sending/alarm" "$SPOOL/sending/alarm"
	waits_idly
	rm "$SPOOL/sending/alarm"
	document WEB-1:1 >"$SITE/away/a.xml"
	mv "$SITE/away" "$SPOOL/incoming"
	eventually is_sent a.xml
	logged trouble-over
	[ "$(requests_with 1)" -eq 1 ]
}

@test "every folder but incoming/ may be taken away, and is made anew" {
	local folder
	start_gateway
	for folder in sending sent failed audit; do
		pass_another
		eventually is_done
		mv "$SPOOL/$folder" "$SITE/$folder"
		document WEB-1:1 | drop good.xml
		echo 'no XML' | drop bad.xml
		eventually is_sent good.xml
		eventually is_failed bad.xml
		eventually is_done
		rm -rf "${SPOOL:?}"/{sent,failed}/*
	done
	audited settled
}

@test "what arrives while it can do nothing does not wake it again and again" {
	start_gateway
	mv "$SPOOL/incoming" "$SITE/away"
	eventually logged trouble
	local i
	for i in {1..20}; do
		document "WEB-$i:$i" >"$SITE/away/$i.xml"
	done
	waits_idly
	mv "$SITE/away" "$SPOOL/incoming"
	eventually is_done
	eventually holds_drops sent 20
}

@test "a folder that may not be written is the machine's trouble, not that of its drops" {
	spool_on_tmpfs size=8M
	set_option min_free '"2M"'
	start_gateway
	pass_another
	fill_but 1024
	document WEB-1:1 | drop a.xml
	eventually logged disk-nearly-full
	chattr +i "$SPOOL/incoming" 2>/dev/null || skip "no immutable folders here"
	rm "$SPOOL/filler"
	eventually logged trouble 'give its folders back'
	waits_idly
	[ "$(count_logged unreadable)" -eq 0 ]
	chattr -i "$SPOOL/incoming"
	eventually is_sent a.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a spool that was unmounted is missed, and taken up again when it is back" {
	spool_on_tmpfs size=8M
	mkdir "$SITE/disk"
	mount_on "$SITE/disk" --bind "$SPOOL"
	set_option rescan '"200ms"'
	start_gateway
	pass_another
	umount -l "$SPOOL"
	eventually logged trouble "$SPOOL: is not the folder any more"
	document WEB-1:1 >"$SITE/disk/incoming/a.xml"
	document WEB-2:2 >"$SPOOL/incoming/b.xml"
	waits_idly
	[ -e "$SITE/disk/incoming/a.xml" ]
	mount --bind "$SITE/disk" "$SPOOL"
	eventually is_sent a.xml
	logged trouble-over
	umount "$SPOOL"
	is_waiting_in_incoming b.xml
	mount --bind "$SITE/disk" "$SPOOL"
}

@test "a file system that is mounted over a folder of the spool is told as such" {
	needs_mount
	set_option rescan '"200ms"'
	start_gateway
	pass_another
	mount_on "$SPOOL/incoming" -t tmpfs -o size=1M tmpfs
	document WEB-1:1 | drop a.xml
	eventually logged trouble "$SPOOL/incoming: is on another file system"
	waits_idly
	is_waiting_in_incoming a.xml
	umount "$SPOOL/incoming"
	MOUNTED=()
	pass_another 901
}

# --- one bad file ---

# As somebody whom the mode of a file concerns.
without_rights_over_files() {
	if [ "$(id -u)" = 0 ]; then
		RUN_BY=(setpriv '--bounding-set=-dac_override,-dac_read_search')
		"${RUN_BY[@]}" true || skip "setpriv cannot give up capabilities here"
	fi
}

# drop_many COUNT: into incoming/, as a backlog.
drop_many() {
	document WEB-@:@ | awk -v folder="$SPOOL/incoming" -v count="$1" '
		{ text = text $0 "\n" }
		END {
			for (i = 1; i <= count; i++) {
				each = text
				gsub(/@/, i, each)
				file = folder "/" i ".xml"
				printf "%s", each >file
				close(file)
			}
		}'
}

@test "one unreadable file among a thousand is said once, with owner, mode and cure" {
	without_rights_over_files
	set_option rescan '"300ms"'
	drop_many 1000
	chmod 000 "$SPOOL/incoming/500.xml"
	start_gateway
	eventually holds_drops sent 999
	grep -q '^<4>id=500.xml .*event=unreadable' "$LOG"
	logged unreadable "owner=$(id -un) group=$(id -gn) mode=0000 remedy=.*umask of 027"
	waits_idly
	[ "$(count_logged unreadable)" -eq 1 ]
	[ "$(count_logged trouble)" -eq 0 ]
	chmod 640 "$SPOOL/incoming/500.xml"
	eventually holds_drops sent 1000
	[ "$(requests | tr ' ' '\n' | sort -n | paste -s -d ' ')" = "$(seq -s ' ' 1000)" ]
}

# fail_at SYSCALL PATH: it fails with EIO, in a gateway started next, until heal.
fail_at() {
	command -v strace >/dev/null || skip "there is no strace"
	RUN_BY=(strace -D -qq -o /dev/null -P "$2" -e "inject=$1:error=EIO")
}

# Whose tracer dies is traced no more.
mend() {
	kill -KILL "$(awk '/TracerPid/ { print $2 }' "/proc/$GATEWAY_PID/status")"
}

# Leaks cannot be looked for while somebody traces.
no_leak_check() {
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

@test "a claim whose bytes the disk cannot give is named, and stops no other" {
	no_leak_check
	set_option rescan '"300ms"'
	mkdir "$SPOOL/sending"
	local claim=20260101T000000.000001Z_damaged.xml
	document WEB-1:1 >"$SPOOL/sending/$claim"
	fail_at read "$SPOOL/sending/$claim"
	start_gateway
	eventually logged unreadable "error=\"Input/output error\""
	grep -q "id=$claim .*dmesg" "$LOG"
	pass_another
	waits_idly
	eventually grep -qE '"unreadable":1,"oldest_waiting_s":[0-9]{5}' "$SPOOL/state.json"
	[ -e "$SPOOL/sending/$claim" ]
	[ "$(count_logged unreadable)" -eq 1 ]
	[ "$(count_logged trouble)" -eq 0 ]
	not audited reading damaged.xml
	mend
	eventually is_sent damaged.xml
	[ "$(requests_with 1)" -eq 1 ]
}

@test "a claim that is damaged after it was read stops no other" {
	set_option rescan '"500ms"'
	stub_rules '[{"do": "html", "status": 429}]'
	start_gateway
	document WEB-1:1 WEB-2:2 | drop damaged.xml
	eventually audited read damaged.xml
	eventually logged hold
	no_leak_check
	inject newfstatat EUCLEAN "$(path_in sending damaged.xml)"
	document WEB-3:3 | drop other.xml
	stub_rules '[]'
	eventually is_sent other.xml
	eventually logged unreadable 'error="Structure needs cleaning"'
	not is_sent damaged.xml
	[ "$(count_logged trouble)" -eq 0 ]
	heal
	eventually is_sent damaged.xml
	[ "$(count_logged unreadable)" -eq 1 ]
	[ "$(requests_with 1)" -eq 2 ]
}

@test "a claim that may not be moved is named, and stops no other" {
	set_option rescan '"500ms"'
	stub_rules '[{"comment": "1", "delay_ms": 500}]'
	start_gateway
	document WEB-1:1 | drop fixed.xml
	eventually is_sending fixed.xml
	local claim
	claim=$(path_in sending fixed.xml)
	chattr +i "$claim" 2>/dev/null || skip "no immutable files here"
	FIXED=$claim
	pass_another
	eventually logged immovable "lsattr"
	pass_another
	[ -e "$claim" ]
	[ "$(count_logged trouble)" -eq 0 ]
	chattr -i "$claim"
	FIXED=
	eventually is_sent fixed.xml
	[ "$(count_logged immovable)" -eq 1 ]
	[ "$(requests_with 1)" -eq 1 ]
}

# end_before_the_move RULE: of fixed.xml, which may not be moved until it is let go.
end_before_the_move() {
	stub_rules "[$1]"
	start_gateway
	document WEB-1:1 | drop fixed.xml
	stub_saw request
	local claim
	claim=$(path_in sending fixed.xml)
	chattr +i "$claim" 2>/dev/null || skip "no immutable files here"
	FIXED=$claim
	eventually logged immovable "lsattr"
	stop_gateway
}

# The second start knows it by a checkpoint that restates it.
start_twice_and_let_go() {
	start_gateway
	pass_another
	stop_gateway
	start_gateway
	pass_another
	chattr -i "$FIXED"
	FIXED=
}

@test "a start finishes later the move of a file that may not be moved" {
	no_leak_check
	set_option rescan '"300ms"'
	end_before_the_move '{"on": "comments", "times": 1, "delay_ms": 500}'
	start_twice_and_let_go
	eventually is_sent fixed.xml
	[ "$(requests_with 1)" -eq 1 ]
	[ "$(count_logged trouble)" -eq 0 ]
}

@test "a rejected file that may not be moved is not sent again by the next start" {
	no_leak_check
	set_option rescan '"300ms"'
	end_before_the_move '{"on": "comments", "delay_ms": 500, "orders": {"WEB-1": "3002"}}'
	audited stop '"count":1'
	stub_rules '[]'
	start_twice_and_let_go
	eventually is_failed fixed.xml
	[ "$(requests_with 1)" -eq 1 ]
	[ "$(count_logged trouble)" -eq 0 ]
	stop_gateway
	[ "$(audit | grep '"ev":"stop"' | tail -n 1 | grep -c count)" -eq 0 ]
}

@test "a cut file that may not be given back stops no other" {
	no_leak_check
	local claim=$SPOOL/sending/20260101T000000.000001Z_cut.xml
	mkdir "$SPOOL/sending"
	document WEB-1:1 | head -c 300 >"$claim"
	chattr +i "$claim" 2>/dev/null || skip "no immutable files here"
	FIXED=$claim
	start_gateway
	eventually logged immovable "lsattr"
	pass_another
	[ "$(count_logged trouble)" -eq 0 ]
}

@test "a file that the disk cannot even open is named, and stops no other" {
	no_leak_check
	set_option rescan '"300ms"'
	document WEB-1:1 >"$SPOOL/incoming/damaged.xml"
	fail_at openat,newfstatat "$SPOOL/incoming/damaged.xml"
	start_gateway
	eventually logged unreadable 'error="Input/output error"'
	pass_another
	waits_idly
	is_waiting_in_incoming damaged.xml
	[ "$(count_logged unreadable)" -eq 1 ]
	[ "$(count_logged trouble)" -eq 0 ]
	mend
	eventually is_sent damaged.xml
}

@test "a file that something is mounted on stops no other" {
	needs_mount
	set_option rescan '"300ms"'
	document WEB-1:1 >"$SITE/other.xml"
	: >"$SPOOL/incoming/covered.xml"
	mount_on "$SPOOL/incoming/covered.xml" --bind "$SITE/other.xml"
	start_gateway
	eventually grep -q 'id=covered.xml .*event=unreadable' "$LOG"
	pass_another
	waits_idly
	[ "$(count_logged trouble)" -eq 0 ]
	umount "$SPOOL/incoming/covered.xml"
	MOUNTED=()
}

# --- the clock ---

stamps() {
	(cd "$SPOOL" && find sent -name '*.xml' -printf '%f\n' | sed 's/\(.*Z\)_\(.*\)/\2 \1/')
}

@test "a clock that is set back and forward by a day changes no order and loses nothing" {
	with_a_clock_of_ours
	start_gateway
	local i=0 offset
	for offset in +0 -1d +0 +1d -1d +0; do
		set_clock "$offset"
		i=$((i + 1))
		document "WEB-1:$i" | drop "$i.xml"
		eventually is_sent "$i.xml"
	done
	stop_gateway
	set_clock -2d
	start_gateway
	document WEB-1:7 | drop 7.xml
	eventually is_sent 7.xml
	waits_idly
	[ "$(stamps | sort -k 2 | cut -d ' ' -f 1 | paste -s -d ' ')" = \
		'1.xml 2.xml 3.xml 4.xml 5.xml 6.xml 7.xml' ]
	[ "$(requests | paste -s -d ' ')" = '1 2 3 4 5 6 7' ]
	[ "$(count_logged trouble)" -eq 0 ]
	local last
	last=$(find "$SPOOL/audit" -name '*.jsonl' | sort | tail -n 1)
	grep -q '"comment":"7"' "$last"
	[ "$(find "$SPOOL/audit" -name '*.jsonl' | wc -l)" -eq 2 ]
}

@test "a clock that is set back a day does not stretch a wait" {
	with_a_clock_of_ours
	set_option unknown_wait '"2s"'
	stub_rules '[{"on": "comments", "times": 1, "cut": "request"}]'
	start_gateway
	document WEB-1:1 | drop a.xml
	eventually has_outcome 1 unknown
	set_clock -1d
	eventually is_sent a.xml
	is_at_least 1.9 "$(gap_before_repeat 1)"
}
