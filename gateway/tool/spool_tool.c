/* SPDX-License-Identifier: MIT
 *
 * opensi-spool - the admin's tool: reads what it needs of the configuration, opens the
 * spools, runs one command
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/words.h"
#include "system/language.h"
#include "tool/arguments.h"
#include "tool/command.h"
#include "tool/commands.h"
#include "tool/monitor.h"
#include "tool/tool.h"

enum { ERRORS_MAX_BYTES = 64 * 1024 };

static const char usual_config[] = GATEWAY_CONFIG_DIR "/opensi-gateway.conf";

static int read_config(struct tool *tool, const struct command *command)
{
	auto_buf struct buf errors = {.max_bytes = ERRORS_MAX_BYTES};
	int r = config_open_for_tool(tool->options.config, command->need == NEED_SECRETS,
		&tool->configuration, &errors);
	if (r == 0)
		return EX_OK;
	if (command->need == NEED_RULES && tool->options.config == usual_config &&
		!tool->options.site)
		return EX_OK;
	fputs(buf_peek(&errors), stderr);
	return EX_CONFIG;
}

/* Those that were asked for, in the order of the configuration. */
static int choose_sites(struct tool *tool)
{
	const struct config *config = tool->configuration;
	const char *wanted = tool->options.site;
	tool->sites = xcalloc(config->site_count, sizeof(*tool->sites));
	for (size_t i = 0; i < config->site_count; i++)
		if (!wanted || !strcmp(config->sites[i].name, wanted))
			tool->sites[tool->site_count++].config = &config->sites[i];
	if (tool->site_count)
		return EX_OK;
	tool_complain(_("%s: no such site in %s"), wanted, tool->options.config);
	return EX_USAGE;
}

static int open_spools(struct tool *tool)
{
	for (size_t i = 0; i < tool->site_count; i++) {
		auto_buf struct buf why = {.max_bytes = ERRORS_MAX_BYTES};
		struct tool_site *site = &tool->sites[i];
		int r = spool_open_to_look(site->config->spool, &site->spool, &why);
		if (r == 0)
			continue;
		if (r == -EACCES)
			tool_say_unreadable(site->config->spool);
		else
			tool_complain("%s", buf_peek(&why));
		return EX_CANTCREAT;
	}
	return EX_OK;
}

/* --- as a plugin of monitoring --- */

/* Whatever else is wrong on the command line, and before or behind it. */
static bool asks_for_check(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--check") || !strcmp(argv[i], "-C"))
			return true;
	return false;
}

/* Monitoring wants a line of its form, whatever is wrong. */
static int say_unknown(void)
{
	auto_buf struct buf out = {.max_bytes = ERRORS_MAX_BYTES};
	const char *complaint = tool_last_complaint();
	monitor_add_unknown(
		&out, *complaint ? complaint : _("the configuration cannot be used"));
	fputs(buf_peek(&out), stdout);
	return ALARM_UNKNOWN;
}

/* --- running --- */

static int run(struct tool *tool, const struct command *command)
{
	int status = read_config(tool, command);
	if (status == EX_OK && tool->configuration) {
		language_set(tool->configuration->language);
		status = choose_sites(tool);
	}
	if (status == EX_OK && command->need == NEED_SPOOLS)
		status = open_spools(tool);
	return status == EX_OK ? command->run(tool) : status;
}

static void tool_done(struct tool *tool)
{
	for (size_t i = 0; i < tool->site_count; i++)
		spool_close(tool->sites[i].spool);
	free(tool->sites);
	config_free(tool->configuration);
}

/* What nobody could read was not said. */
static int flush(int status, bool is_for_monitoring)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("opensi-spool: standard output");
	if (is_for_monitoring)
		return status == ALARM_CRITICAL ? ALARM_CRITICAL : ALARM_UNKNOWN;
	return status == EX_OK ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
	auto_with(tool_done) struct tool tool = {.options.config = usual_config};
	const struct command *command = NULL;
	language_set(NULL);
	bool is_check = asks_for_check(argc, argv); /* before names are moved in there */
	int status = arguments_read(argc, argv, &tool, &command);
	if (status < 0)
		status = run(&tool, command);
	is_check = is_check || tool.options.check;
	bool is_for_monitoring = is_check && command && command->run == run_status;
	if (is_for_monitoring && status > ALARM_UNKNOWN)
		status = say_unknown();
	return flush(status, is_for_monitoring);
}
