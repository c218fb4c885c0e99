/* SPDX-License-Identifier: MIT
 *
 * Drawn on the terminal's second page, so that what was on the first is there again
 * afterwards.
 */
#include "tool/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <termios.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/clock.h"
#include "system/io.h"
#include "tool/print.h"
#include "tool/screen.h"
#include "tool/snapshot.h"
#include "tool/tool.h"

enum {
	SCREEN_MAX_BYTES = 1024 * 1024,
	DRAWING_MAX_BYTES = 2 * SCREEN_MAX_BYTES,
	ROWS_NORMAL = 24,
	COUNT_SHARE = 20, /* counting takes no more than one part of so many */
	KEY_INTERRUPT = 3,
};

/* A rate that is measured for less is a guess. */
#define MEASURED (5 * USEC_SECOND)

static const char page_two[] = "\033[?1049h\033[?25l";
static const char page_one[] = "\033[?25h\033[?1049l";
static const char home[] = "\033[H";
static const char line_end[] = "\033[K\n";
static const char rest_of_page[] = "\033[J";

/* What is remembered of a site from one drawing to the next. */
struct memory {
	struct census census;
	usec_t counted; /* 0: never */
	uint64_t peak;
	usec_t peaked;
};

struct watcher {
	struct tool *tool;
	struct memory *memories; /* of each site */
	struct termios before;
	int signals, changes;
	bool is_over, is_resting;
};

/* --- the terminal --- */

static void put(const char *text, size_t len)
{
	(void)io_write(STDOUT_FILENO, text, len); /* a terminal that went hangs up */
}

static void enter(struct watcher *w)
{
	struct termios raw = w->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	put(page_two, sizeof(page_two) - 1);
}

static void leave(const struct watcher *w)
{
	put(page_one, sizeof(page_one) - 1);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &w->before);
}

static size_t count_rows(void)
{
	struct winsize size = {0};
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 2)
		return ROWS_NORMAL;
	return size.ws_row;
}

/* Each line ends by clearing what an earlier drawing left behind it; what does not fit is
 * cut, as the terminal would scroll. */
static void show(const struct buf *page)
{
	auto_buf struct buf out = {.max_bytes = DRAWING_MAX_BYTES};
	const char *at = buf_peek(page);
	buf_add_text(&out, home);
	for (size_t rows = count_rows() - 1; rows && *at; rows--) {
		size_t len = strcspn(at, "\n");
		buf_add(&out, at, len);
		buf_add_text(&out, line_end);
		at += len + (at[len] == '\n');
	}
	buf_add_text(&out, rest_of_page);
	put(buf_peek(&out), out.len);
}

/* --- drawing --- */

static struct drain note_drain(struct memory *m, const struct snapshot *s, usec_t now)
{
	uint64_t left = s->status.incoming + s->status.sending;
	struct drain drain = {.rate = s->status.rate};
	if (left >= m->peak) {
		m->peak = left;
		m->peaked = now;
	}
	if (!left)
		m->peak = 0;
	if (now - m->peaked >= MEASURED)
		drain.rate = (double)(m->peak - left) * (double)USEC_SECOND /
			     (double)(now - m->peaked);
	drain.peak = m->peak;
	drain.left = left;
	return drain;
}

static void add_site(struct watcher *w, size_t i, usec_t now, struct buf *page)
{
	struct memory *m = &w->memories[i];
	struct snapshot s;
	bool is_fresh = m->counted && now - m->counted < COUNT_SHARE * m->census.cost;
	snapshot_take(w->tool->sites[i].config, now, is_fresh ? &m->census : NULL, &s);
	if (s.is_counted && !is_fresh) {
		m->census = s.census;
		m->counted = now;
	}
	struct drain drain = note_drain(m, &s, now);
	screen_add_site(page, &s, now, print_width());
	screen_add_drain(page, &drain, print_width());
	snapshot_done(&s);
}

static void draw(struct watcher *w)
{
	auto_buf struct buf page = {.max_bytes = SCREEN_MAX_BYTES};
	usec_t now = clock_now().wall;
	for (size_t i = 0; i < w->tool->site_count; i++) {
		add_site(w, i, now, &page);
		buf_add_char(&page, '\n');
	}
	times_add_local(&page, now);
	buf_add_text(&page, "   ");
	buf_add_text(&page, _("q ends it"));
	buf_add_char(&page, '\n');
	show(&page);
}

/* --- what happens --- */

static void read_keys(struct watcher *w)
{
	char keys[64];
	ssize_t len = read(STDIN_FILENO, keys, sizeof(keys));
	for (ssize_t i = 0; i < len; i++)
		if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == KEY_INTERRUPT)
			w->is_over = true;
}

static void read_signals(struct watcher *w)
{
	struct signalfd_siginfo info;
	while (read(w->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			w->is_resting = true;
		else if (info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT)
			w->is_over = true;
	}
}

static void forget_changes(const struct watcher *w)
{
	char events[4096];
	ssize_t len = 1;
	while (len > 0)
		len = read(w->changes, events, sizeof(events));
}

static void rest(struct watcher *w)
{
	w->is_resting = false;
	leave(w);
	(void)kill(getpid(), SIGSTOP);
	enter(w);
}

static void wait_for_something(struct watcher *w)
{
	struct pollfd polled[] = {{.fd = w->signals, .events = POLLIN},
		{.fd = w->changes, .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLIN}};
	if (poll(polled, 3, (int)MSEC_SECOND) < 0)
		return;
	if (polled[2].revents & POLLIN)
		read_keys(w);
	if (polled[2].revents & (POLLHUP | POLLERR | POLLNVAL))
		w->is_over = true;
	read_signals(w);
	forget_changes(w);
	if (w->is_resting)
		rest(w);
}

/* --- the frame --- */

static int open_signals(void)
{
	static const int numbers[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A spool that cannot be watched is still looked at once a second. */
static int open_changes(const struct tool *tool)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (size_t i = 0; fd >= 0 && i < tool->site_count; i++)
		(void)inotify_add_watch(fd, tool->sites[i].config->spool,
			IN_MOVED_TO | IN_ONLYDIR | IN_DELETE);
	return fd;
}

static void watcher_done(struct watcher *w)
{
	cleanup_close(&w->signals);
	cleanup_close(&w->changes);
	free(w->memories);
}

int watch_run(struct tool *tool)
{
	auto_with(watcher_done) struct watcher w = {
		.tool = tool, .signals = -1, .changes = -1};
	if (!print_is_terminal() || tcgetattr(STDIN_FILENO, &w.before) < 0) {
		tool_complain(_("--watch wants a terminal"));
		return EX_USAGE;
	}
	w.memories = xcalloc(tool->site_count, sizeof(*w.memories));
	w.signals = open_signals();
	w.changes = open_changes(tool);
	if (w.signals < 0 || w.changes < 0) {
		tool_complain("--watch: %s", strerrordesc_np(errno));
		return EXIT_FAILURE;
	}
	enter(&w);
	while (!w.is_over) {
		draw(&w);
		wait_for_something(&w);
	}
	leave(&w);
	return EX_OK;
}
