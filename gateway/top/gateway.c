/* SPDX-License-Identifier: MIT
 *
 * gateway - the daemon: start order, signals, the loop
 *
 * One thread, one place to wait (transport_wait): exchanges, inotify of every site and
 * signals wake it, and the earliest deadline that any site named.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/clock.h"
#include "system/config.h"
#include "system/language.h"
#include "system/log.h"
#include "system/notify.h"
#include "system/privileges.h"
#include "system/sandbox.h"
#include "system/spool_check.h"
#include "system/transport.h"
#include "top/delivery.h"
#include "top/headline.h"
#include "top/options.h"
#include "top/pipeline.h"
#include "top/report.h"

enum { ERRORS_MAX_BYTES = 64 * 1024, LINE_MAX_BYTES = 2 * ERRORS_MAX_BYTES };

struct gateway {
	struct options options;
	struct config *config;
	struct transport *transport;
	struct site **sites;
	struct report *report;
	struct shop **shops; /* one a site; sites with one URL share theirs */
	size_t count;        /* of sites that are open */
	struct pollfd *fds;  /* signals, then one a site */
	struct notify notify;
	bool is_stopping;
	bool is_killed; /* asked to stop a second time */
};

/* --- start --- */

static void set_log_level(const struct gateway *g)
{
	log_set_level(g->options.is_verbose ? LEVEL_DEBUG : g->config->log_level);
}

/* Nothing hangs on it but understanding, so work goes on. */
static void set_language(const struct gateway *g)
{
	int r = language_set(g->config->language);
	if (r < 0)
		log_event(LEVEL_WARNING, NULL, NULL, "no-translation",
			log_text("error", strerrordesc_np(-r)),
			log_text("meaning", _("the French catalogue cannot be used: "
					      "English is spoken")));
}

static int read_config(struct gateway *g)
{
	auto_buf struct buf errors = {.max_bytes = ERRORS_MAX_BYTES};
	if (config_open(g->options.config, &g->config, &errors) < 0) {
		log_lines(buf_peek(&errors));
		return EX_CONFIG;
	}
	set_log_level(g);
	set_language(g);
	return EX_OK;
}

/* One that comes while we start, or stand by, is answered when we run. */
static int put_off_reloads(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? EX_OSERR : EX_OK;
}

/* Blocked, they are read from a descriptor, where they disturb nothing. */
static int catch_signals(struct gateway *g)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return EX_OSERR;
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return EX_OSERR;
	g->fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	return EX_OK;
}

static struct shop *shop_for(struct gateway *g, size_t site)
{
	for (size_t i = 0; i < site; i++)
		if (!strcmp(g->config->sites[i].url, g->config->sites[site].url))
			return g->shops[i];
	return shop_new();
}

static int open_site(struct gateway *g, size_t i)
{
	auto_buf struct buf why = {.max_bytes = ERRORS_MAX_BYTES};
	g->shops[i] = shop_for(g, i);
	const struct pipeline_options options = {
		.config = &g->config->sites[i],
		.transport = g->transport,
		.shop = g->shops[i],
		.is_once = g->options.is_once,
		.may_wait = g->options.may_wait,
	};
	int status = pipeline_open(&options, &g->sites[i], &why);
	if (status) {
		log_lines(buf_peek(&why));
		return status;
	}
	const struct site *site = g->sites[i];
	g->fds[1 + i] = (struct pollfd){
		.fd = site->watch ? watch_fd(site->watch) : -1, .events = POLLIN};
	g->count++;
	return EX_OK;
}

static int open_sites(struct gateway *g)
{
	size_t count = g->config->site_count;
	g->transport = transport_new();
	g->sites = xcalloc(count, sizeof(struct site *));
	g->shops = xcalloc(count, sizeof(struct shop *));
	for (size_t i = 0; i < count; i++) {
		int status = open_site(g, i);
		if (status)
			return status;
	}
	return EX_OK;
}

/* Before anything that others wrote is read. */
static void confine(const struct gateway *g)
{
	int abi = 0;
	auto_with(sandbox_done) struct sandbox sandbox = {.rules = NULL};
	sandbox_allow_config(&sandbox, g->config);
	sandbox_allow_system(&sandbox);
	int r = sandbox_enter(&sandbox, &abi);
	bool is_lacking = r == -ENOSYS || r == -EOPNOTSUPP;
	if (r == 0)
		log_event(LEVEL_DEBUG, NULL, NULL, "confined", log_number("abi", abi));
	else
		log_event(is_lacking ? LEVEL_INFO : LEVEL_WARNING, NULL, NULL,
			"not-confined", log_text("error", strerrordesc_np(-r)),
			log_number("abi", abi),
			log_text("meaning",
				is_lacking ? _("the kernel offers no Landlock of ABI 2 "
					       "or later: only rights of files bound "
					       "what the gateway can reach")
					   : _("only rights of files bound what the "
					       "gateway can reach")));
}

static void open_notify(struct gateway *g)
{
	int r = notify_open(&g->notify, clock_now().up);
	if (r < 0)
		log_event(LEVEL_WARNING, NULL, NULL, "cannot-notify",
			log_text("error", strerrordesc_np(-r)),
			log_text("meaning", _("NOTIFY_SOCKET cannot be used: the service "
					      "manager is told nothing")));
}

static int give_up_privileges(const char *user)
{
	auto_buf struct buf why = {.max_bytes = ERRORS_MAX_BYTES};
	int status = EX_CONFIG;
	int r = privileges_drop(user);
	if (r < 0) {
		buf_add_format(&why, _("opensi-gateway: cannot become user \"%s\": %s\n"),
			user, strerrordesc_np(-r));
	} else {
		status = EX_OSERR;
		r = privileges_seal();
		if (r < 0)
			buf_add_format(&why,
				_("opensi-gateway: cannot give up privileges: %s\n"),
				strerrordesc_np(-r));
	}
	log_lines(buf_peek(&why));
	return r < 0 ? status : EX_OK;
}

static int become_user(const struct config *config)
{
	auto_buf struct buf errors = {.max_bytes = ERRORS_MAX_BYTES};
	int status = give_up_privileges(config->user);
	if (status == EX_OK && config_check_reach(config, &errors) < 0)
		status = EX_CONFIG;
	log_lines(buf_peek(&errors));
	return status;
}

static int start(struct gateway *g)
{
	int status = become_user(g->config);
	if (status)
		return status;
	open_notify(g);
	confine(g);
	g->fds = xcalloc(g->config->site_count + 1, sizeof(*g->fds));
	g->fds[0].fd = -1;
	/* Signals are caught after that: who waits for a lock is ended by any of them. */
	status = open_sites(g);
	return status ? status : catch_signals(g);
}

/* --- signals --- */

/* As one line of a log: "a; b", for "a" and "b" on a line each. */
static void join_lines(const char *lines, struct buf *joined)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		buf_add(joined, lines, len);
		lines += len + (lines[len] == '\n');
		if (*lines)
			buf_add_text(joined, "; ");
	}
}

static void say_refused(const struct buf *errors)
{
	auto_buf struct buf line = {.max_bytes = LINE_MAX_BYTES};
	join_lines(buf_peek(errors), &line);
	log_event(LEVEL_ERROR, NULL, NULL, "reload-refused",
		log_text("errors", buf_peek(&line)),
		log_text("meaning",
			_("the configuration in use was not changed; files in folders it "
			  "did not name so far need a restart")));
}

static void replace_config(struct gateway *g)
{
	auto_buf struct buf errors = {.max_bytes = ERRORS_MAX_BYTES};
	auto_with(config_cleanup) struct config *next = NULL;
	int r = config_open(g->options.config, &next, &errors);
	if (r == 0)
		r = config_may_replace(g->config, next, &errors);
	if (r < 0) {
		say_refused(&errors);
		set_language(g); /* reading spoke as the refused one wanted */
		return;
	}
	for (size_t i = 0; i < g->count; i++)
		pipeline_reload(g->sites[i], &next->sites[i]);
	struct config *old = g->config;
	g->config = take_ptr(next);
	config_free(old);
	set_log_level(g);
	set_language(g);
	log_event(LEVEL_INFO, NULL, NULL, "reloaded",
		log_text("config", g->options.config));
}

static void reload(struct gateway *g)
{
	notify_reloading(&g->notify);
	replace_config(g);
	notify_ready(&g->notify);
}

static void stop(struct gateway *g)
{
	notify_stopping(&g->notify);
	g->is_killed = g->is_stopping;
	g->is_stopping = true;
	log_event(LEVEL_INFO, NULL, NULL, "stopping",
		log_text("meaning",
			g->is_killed ? _("at once: what is in flight counts as unknown")
				     : _("when what is in flight has come back")));
	for (size_t i = 0; i < g->count; i++)
		pipeline_stop(g->sites[i]);
}

static void take_signals(struct gateway *g)
{
	struct signalfd_siginfo info;
	while (read(g->fds[0].fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(g);
		else
			stop(g);
	}
}

/* --- the loop --- */

static bool is_over(const struct gateway *g, const struct moment *now)
{
	if (g->is_killed)
		return true;
	if (!g->is_stopping && !g->options.is_once)
		return false;
	for (size_t i = 0; i < g->count; i++)
		if (!pipeline_is_idle(g->sites[i], now))
			return false;
	return true;
}

static msec_t turn(struct gateway *g, const struct moment *now)
{
	msec_t due = MSEC_NEVER;
	for (size_t i = 0; i < g->count; i++) {
		msec_t site_due = MSEC_NEVER;
		pipeline_turn(g->sites[i], now, &site_due);
		due = msec_min(due, site_due);
	}
	return msec_min(due, report_turn(g->report, now));
}

/* The service manager hears that we are alive, and what has changed. */
static msec_t report(struct gateway *g, const struct moment *now)
{
	if (notify_wants_line(&g->notify, now->up)) {
		auto_buf struct buf line = {.max_bytes = NOTIFY_LINE_MAX};
		headline_write(&line, g->sites, g->count, now);
		notify_line(&g->notify, buf_peek(&line), now->up);
	}
	return notify_turn(&g->notify, now->up);
}

static int wait_for_work(struct gateway *g, msec_t due)
{
	struct moment now = clock_now();
	msec_t timeout = due == MSEC_NEVER ? MSEC_NEVER : due - now.up;
	int r = transport_wait(
		g->transport, g->fds, (unsigned)g->count + 1, timeout < 0 ? 0 : timeout);
	now = clock_now();
	for (struct exchange *x = NULL; r == 0 && (x = transport_next(g->transport));)
		delivery_take(x, &now);
	return r;
}

static int run(struct gateway *g)
{
	for (;;) {
		struct moment now = clock_now();
		msec_t due = turn(g, &now);
		if (is_over(g, &now))
			return EX_OK;
		due = msec_min(due, report(g, &now));
		int r = wait_for_work(g, due);
		if (r < 0) {
			log_event(LEVEL_ERROR, NULL, NULL, "cannot-wait",
				log_text("error", strerrordesc_np(-r)));
			return EX_OSERR;
		}
		take_signals(g);
	}
}

static int once_status(const struct gateway *g)
{
	size_t waiting = 0;
	size_t failures = 0;
	for (size_t i = 0; i < g->count; i++) {
		waiting +=
			pipeline_waiting(g->sites[i]) + pipeline_has_trouble(g->sites[i]);
		failures += g->sites[i]->failures;
	}
	if (waiting)
		return EX_TEMPFAIL;
	return failures ? EXIT_FAILURE : EX_OK;
}

static void close_all(struct gateway *g)
{
	report_free(g->report);
	for (size_t i = 0; i < g->count; i++)
		pipeline_close(g->sites[i]);
	for (size_t i = 0; g->shops && i < g->config->site_count; i++) {
		bool is_shared = false;
		for (size_t j = 0; j < i; j++)
			is_shared = is_shared || g->shops[j] == g->shops[i];
		if (!is_shared)
			shop_free(g->shops[i]);
	}
	transport_free(g->transport);
	notify_close(&g->notify);
	if (g->fds)
		cleanup_close(&g->fds[0].fd);
	free(g->fds);
	free((void *)g->sites);
	free((void *)g->shops);
	config_free(g->config);
}

static bool is_schema_of_another(const struct config *config, size_t site)
{
	for (size_t i = 0; i < site; i++)
		if (!strcmp(config->sites[i].schema, config->sites[site].schema))
			return true;
	return false;
}

/* Several sites may share a schema that cannot be used: said once is enough. */
static int test_sites(const struct config *config)
{
	int status = EX_OK;
	for (size_t i = 0; i < config->site_count; i++) {
		auto_buf struct buf why = {.max_bytes = ERRORS_MAX_BYTES};
		if (is_schema_of_another(config, i))
			continue;
		int r = pipeline_test(&config->sites[i], &why);
		log_lines(buf_peek(&why));
		status = status == EX_OK ? r : status;
	}
	return status;
}

/* Without a spool the configuration may be good; but no gateway would start. */
static void warn_of_spools(const struct config *config)
{
	for (size_t i = 0; i < config->site_count; i++) {
		auto_buf struct buf why = {.max_bytes = ERRORS_MAX_BYTES};
		if (spool_check_there(config->sites[i].spool, &why) < 0)
			fprintf(stderr, _("warning: %s\n"), buf_peek(&why));
	}
}

/* As who a start would become: what root can reach says nothing. */
static int test_config(const struct gateway *g)
{
	int status = become_user(g->config);
	if (status == EX_OK)
		status = test_sites(g->config);
	if (status)
		return status;
	printf(_("%s: the configuration is good\n"), g->options.config);
	fflush(stdout);
	warn_of_spools(g->config);
	return EX_OK;
}

int main(int argc, char **argv)
{
	struct gateway g = {.notify.fd = -1};
	(void)language_set(NULL);
	int status = options_read(argc, argv, &g.options);
	if (status >= 0)
		return status;
	status = put_off_reloads();
	if (status == EX_OK)
		status = read_config(&g);
	if (status == EX_OK && g.options.is_test)
		status = test_config(&g);
	else if (status == EX_OK)
		status = start(&g);
	bool is_run = status == EX_OK && !g.options.is_test;
	if (is_run) {
		log_event(LEVEL_INFO, NULL, NULL, "started",
			log_text("version", GATEWAY_VERSION),
			log_number("sites", g.count));
		g.report = report_new(g.sites, g.count);
		notify_ready(&g.notify);
		status = run(&g);
		struct moment now = clock_now();
		report_stop(g.report, &now, g.options.is_once);
		if (status == EX_OK && g.options.is_once)
			status = once_status(&g);
	}
	close_all(&g);
	if (is_run)
		log_event(
			LEVEL_INFO, NULL, NULL, "stopped", log_number("status", status));
	return status;
}
