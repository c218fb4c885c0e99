/* SPDX-License-Identifier: MIT */
#include "system/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "system/spool.h"

/* Which folder a watch is on. Old watches are removed, never reused for another. */
struct watch {
	int fd;
	int root;
	int incoming;
	int sending;
	size_t len; /* bytes read and not yet handed out: from `at` on */
	size_t at;
	char bytes[64 * 1024] __attribute__((aligned(__alignof__(struct inotify_event))));
};

static const uint32_t folder_fate = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
static const uint32_t in_incoming =
	IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM;
static const uint32_t in_sending =
	IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE;
static const uint32_t in_root = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM;

int watch_new(struct watch **watch)
{
	auto_close int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct watch *w = xcalloc(1, sizeof(*w));
	w->fd = take_fd(&fd);
	w->root = w->incoming = w->sending = -1;
	*watch = w;
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	cleanup_close(&w->fd);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return w->fd;
}

/* Watches the very folder that is open, not one that bears its name meanwhile. */
static int follow(struct watch *w, int folder, uint32_t mask, int *id)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", folder);
	int next = inotify_add_watch(w->fd, path, mask | folder_fate);
	if (next < 0)
		return -errno;
	if (*id >= 0 && *id != next)
		(void)inotify_rm_watch(w->fd, *id); /* gone already if its folder is */
	*id = next;
	return 0;
}

int watch_spool(struct watch *w, const struct spool *spool)
{
	int r = follow(w, spool_root_fd(spool), in_root, &w->root);
	if (r == 0)
		r = follow(w, spool_folder_fd(spool, FOLDER_INCOMING), in_incoming,
			&w->incoming);
	if (r == 0)
		r = follow(w, spool_folder_fd(spool, FOLDER_SENDING), in_sending,
			&w->sending);
	return r;
}

static int fill(struct watch *w)
{
	ssize_t n = read(w->fd, w->bytes, sizeof(w->bytes));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	w->len = (size_t)n;
	w->at = 0;
	return 0;
}

static enum watch_sign sign_in_incoming(uint32_t mask)
{
	if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
		return WATCH_ARRIVED;
	if (mask & IN_CREATE)
		return WATCH_BORN;
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		return WATCH_LEFT;
	return WATCH_TOUCHED;
}

static enum watch_sign sign_in_sending(uint32_t mask)
{
	bool has_left = mask & (IN_DELETE | IN_MOVED_FROM);
	return has_left ? WATCH_WITHDRAWN : WATCH_STRAY;
}

/* False: it says nothing that anybody waits for. */
static bool interpret(
	const struct watch *w, const struct inotify_event *raw, enum watch_sign *sign)
{
	if (raw->mask & IN_Q_OVERFLOW) {
		*sign = WATCH_LOST;
		return true;
	}
	bool is_ours =
		raw->wd == w->root || raw->wd == w->incoming || raw->wd == w->sending;
	if (!is_ours || raw->mask & IN_IGNORED)
		return false;
	bool is_folder = raw->mask & IN_ISDIR;
	bool is_fate = raw->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT);
	if (is_fate || (raw->wd == w->root && is_folder)) {
		*sign = WATCH_FOLDERS;
		return true;
	}
	/* What is left of the root are its files: we write some of them ourselves. */
	if (!raw->len || is_folder || raw->wd == w->root)
		return false;
	*sign = raw->wd == w->incoming ? sign_in_incoming(raw->mask)
				       : sign_in_sending(raw->mask);
	return true;
}

int watch_next(struct watch *w, struct watch_event *event, bool *is_event)
{
	*is_event = false;
	while (!*is_event) {
		if (w->at == w->len) {
			w->at = w->len = 0;
			int r = fill(w);
			if (r < 0 || !w->len)
				return r;
		}
		const struct inotify_event *raw = (const void *)(w->bytes + w->at);
		w->at += sizeof(*raw) + raw->len;
		if (!interpret(w, raw, &event->sign))
			continue;
		bool has_name = raw->len && event->sign != WATCH_FOLDERS;
		snprintf(event->name, sizeof(event->name), "%s",
			has_name ? raw->name : "");
		*is_event = true;
	}
	return 0;
}
