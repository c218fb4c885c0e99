/* SPDX-License-Identifier: MIT
 *
 * A shop that costs next to nothing: HTTP/1.1, kept alive, on 127.0.0.1 only.
 *
 *	sink [--comment-delay US] [--request-delay US] [--tls PEM]
 *
 * Prints the port it listens on, then stays until SIGTERM. POST is setComments, whatever
 * the path. Delays are of each connection by itself, like a shop with a worker for each.
 * For whoever measures:
 *
 *	GET /figures	what was counted, as JSON
 *	GET /wait/N	the same, as soon as N comments are answered
 *	GET /arrivals	which comment came when
 *
 * A connection is READING until a request is complete; then DELAYED until its time has
 * come, or AWAITING a count; then WRITING; then READING again. epoll is edge-triggered:
 * each state goes on until the socket has no more, or until it waits for something else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "sink_shop.h"
#include "sink_wire.h"

enum { CONNECTIONS = 64, READ_BYTES = 64 * 1024, REQUEST_BYTES = 32 * 1024 * 1024 };
#define ANSWER_BYTES ((size_t)1 << 30)
#define NANOSECONDS 1000000000U

enum state { READING, DELAYED, AWAITING, WRITING };

struct connection {
	struct wire wire;
	enum state state;
	struct buf in, out;
	size_t request_bytes; /* the whole of it, once its head is known */
	uint64_t first_ns;    /* its first byte */
	uint64_t taken_ns, due_ns;
	uint64_t awaited;
	size_t comments;
};

struct sink {
	int epoll, listener;
	SSL_CTX *tls;
	uint64_t comment_delay_ns, request_delay_ns;
	struct sink_shop shop;
	struct connection connections[CONNECTIONS];
};

static uint64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static bool is_open(const struct connection *c)
{
	return c->in.max_bytes > 0;
}

static void connection_close(struct connection *c)
{
	wire_close(&c->wire);
	buf_done(&c->in);
	buf_done(&c->out);
	*c = (struct connection){0};
}

/* --- requests --- */

/* 0 if there is no such field. */
static uint64_t head_number(const char *head, const char *end, const char *name)
{
	for (const char *line = head; line < end; line = strchr(line, '\n') + 1)
		if (strncasecmp(line, name, strlen(name)) == 0)
			return strtoull(line + strlen(name), NULL, 10);
	return 0;
}

static bool has_request(struct connection *c)
{
	if (!c->request_bytes) {
		const char *head = buf_peek(&c->in);
		const char *end = strstr(head, "\r\n\r\n");
		if (!end)
			return false;
		end += strlen("\r\n\r\n");
		c->request_bytes =
			(size_t)(end - head) + head_number(head, end, "Content-Length:");
	}
	return c->in.len >= c->request_bytes;
}

static void put_answer(struct connection *c, const char *type, const struct buf *body)
{
	buf_add_format(&c->out,
		"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
		type, body->len);
	buf_add(&c->out, body->bytes, body->len);
}

static uint64_t busy_now(const struct sink *sink, uint64_t now)
{
	uint64_t busy = 0;
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (sink->connections[i].state == DELAYED)
			busy += now - sink->connections[i].taken_ns;
	return busy;
}

static void put_figures(struct sink *sink, struct connection *c)
{
	auto_buf struct buf body;
	buf_init(&body, ANSWER_BYTES);
	shop_add_figures(&sink->shop, busy_now(sink, now_ns()), &body);
	put_answer(c, "application/json", &body);
}

static void put_arrivals(struct sink *sink, struct connection *c)
{
	auto_buf struct buf body;
	buf_init(&body, ANSWER_BYTES);
	shop_add_arrivals(&sink->shop, &body);
	put_answer(c, "text/plain", &body);
}

static enum state take_comments(struct sink *sink, struct connection *c)
{
	auto_buf struct buf body;
	buf_init(&body, ANSWER_BYTES);
	const char *request = strstr(buf_peek(&c->in), "\r\n\r\n");
	c->comments = shop_take(&sink->shop, request, c->first_ns, &body);
	put_answer(c, "text/xml; charset=UTF-8", &body);
	c->taken_ns = now_ns();
	c->due_ns = c->taken_ns + sink->request_delay_ns +
		    c->comments * sink->comment_delay_ns;
	return DELAYED;
}

static enum state take_request(struct sink *sink, struct connection *c)
{
	static const char wait[] = "GET /wait/";
	const char *request = buf_peek(&c->in);
	if (strncmp(request, "POST ", 5) == 0)
		return take_comments(sink, c);
	if (strncmp(request, wait, strlen(wait)) == 0) {
		c->awaited = strtoull(request + strlen(wait), NULL, 10);
		return AWAITING;
	}
	if (strncmp(request, "GET /arrivals ", 14) == 0)
		put_arrivals(sink, c);
	else
		put_figures(sink, c);
	return WRITING;
}

/* --- states --- */

/* 0, -EAGAIN, or an error; so do all steps. */
static int step_reading(struct sink *sink, struct connection *c)
{
	static char bytes[READ_BYTES];
	while (!has_request(c)) {
		ssize_t count = wire_read(&c->wire, bytes, sizeof(bytes));
		if (count <= 0)
			return count ? (int)count : -EPIPE;
		if (!c->in.len)
			c->first_ns = now_ns();
		buf_add(&c->in, bytes, (size_t)count);
		if (buf_finish(&c->in) < 0)
			return -EMSGSIZE;
	}
	c->state = take_request(sink, c);
	return 0;
}

static int step_delayed(struct sink *sink, struct connection *c)
{
	uint64_t now = now_ns();
	if (now < c->due_ns)
		return -EAGAIN;
	sink->shop.busy_ns += c->due_ns - c->taken_ns;
	shop_answered(&sink->shop, c->comments, now);
	c->state = WRITING;
	return 0;
}

static int step_awaiting(struct sink *sink, struct connection *c)
{
	if (sink->shop.answered < c->awaited)
		return -EAGAIN;
	c->state = WRITING;
	put_figures(sink, c);
	return 0;
}

static int step_writing(struct sink *sink, struct connection *c)
{
	(void)sink;
	while (c->out.len) {
		ssize_t count = wire_write(&c->wire, c->out.bytes, c->out.len);
		if (count <= 0)
			return count ? (int)count : -EPIPE;
		buf_shift(&c->out, (size_t)count);
	}
	buf_shift(&c->in, c->request_bytes);
	c->request_bytes = 0;
	c->state = READING;
	return 0;
}

static void connection_go_on(struct sink *sink, struct connection *c)
{
	static int (*const steps[])(struct sink *, struct connection *) = {
		[READING] = step_reading,
		[DELAYED] = step_delayed,
		[AWAITING] = step_awaiting,
		[WRITING] = step_writing,
	};
	int r = 0;
	while (r == 0)
		r = steps[c->state](sink, c);
	if (r != -EAGAIN)
		connection_close(c);
}

/* --- the loop --- */

static void watch(struct sink *sink, int fd, void *who)
{
	struct epoll_event event = {
		.events = EPOLLIN | (who ? EPOLLOUT | EPOLLET : 0),
		.data.ptr = who,
	};
	if (epoll_ctl(sink->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl");
}

static struct connection *find_free(struct sink *sink)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (!is_open(&sink->connections[i]))
			return &sink->connections[i];
	return NULL;
}

static void accept_one(struct sink *sink)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	auto_close int fd = accept4(sink->listener, (struct sockaddr *)&from, &len,
		SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c = find_free(sink);
	if (fd < 0 || !c)
		return;
	int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	watch(sink, fd, c);
	buf_init(&c->in, REQUEST_BYTES);
	buf_init(&c->out, ANSWER_BYTES);
	wire_open(&c->wire, take_fd(&fd), sink->tls);
}

/* Until the first delay is over; -1 if there is none. */
static int milliseconds_left(const struct sink *sink)
{
	uint64_t due = UINT64_MAX, now = now_ns();
	for (size_t i = 0; i < CONNECTIONS; i++) {
		const struct connection *c = &sink->connections[i];
		if (c->state == DELAYED && c->due_ns < due)
			due = c->due_ns;
	}
	if (due == UINT64_MAX)
		return -1;
	return due <= now ? 0 : (int)((due - now) / 1000000 + 1);
}

static void go_on_where_due(struct sink *sink)
{
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &sink->connections[i];
		if (is_open(c) && (c->state == DELAYED || c->state == AWAITING))
			connection_go_on(sink, c);
	}
}

static void serve(struct sink *sink)
{
	struct epoll_event events[CONNECTIONS];
	for (;;) {
		int count = epoll_wait(
			sink->epoll, events, CONNECTIONS, milliseconds_left(sink));
		if (count < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr)
				connection_go_on(sink, events[i].data.ptr);
			else
				accept_one(sink);
		}
		go_on_where_due(sink);
	}
}

static void listen_somewhere(struct sink *sink)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	sink->epoll = epoll_create1(EPOLL_CLOEXEC);
	sink->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(sink->listener, (struct sockaddr *)&at, len) < 0 ||
		listen(sink->listener, CONNECTIONS) < 0 ||
		getsockname(sink->listener, (struct sockaddr *)&at, &len) < 0)
		die("listen");
	watch(sink, sink->listener, NULL);
	printf("%u\n", ntohs(at.sin_port));
	if (fflush(stdout) != 0)
		die("stdout");
}

static uint64_t microseconds(const char *text)
{
	char *end = NULL;
	uint64_t value = strtoull(text, &end, 10);
	if (end == text || *end) {
		fprintf(stderr, "sink: not a number of microseconds: %s\n", text);
		exit(64);
	}
	return value * 1000;
}

static void read_options(struct sink *sink, int argc, char **argv)
{
	static const struct option known[] = {
		{"comment-delay", required_argument, NULL, 'c'},
		{"request-delay", required_argument, NULL, 'r'},
		{"tls", required_argument, NULL, 't'},
		{0},
	};
	int option = 0;
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'c')
			sink->comment_delay_ns = microseconds(optarg);
		else if (option == 'r')
			sink->request_delay_ns = microseconds(optarg);
		else if (option == 't')
			sink->tls = wire_context_new(optarg);
		else
			exit(64);
	}
}

int main(int argc, char **argv)
{
	static struct sink sink;
	read_options(&sink, argc, argv);
	listen_somewhere(&sink);
	serve(&sink);
}
