/* SPDX-License-Identifier: MIT */
#include "sink_wire.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

SSL_CTX *wire_context_new(const char *pem)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (context && SSL_CTX_use_certificate_chain_file(context, pem) == 1 &&
		SSL_CTX_use_PrivateKey_file(context, pem, SSL_FILETYPE_PEM) == 1)
		return context;
	ERR_print_errors_fp(stderr);
	exit(78);
}

void wire_open(struct wire *w, int fd, SSL_CTX *context)
{
	*w = (struct wire){.fd = fd};
	if (!context)
		return;
	w->tls = SSL_new(context);
	if (!w->tls || SSL_set_fd(w->tls, fd) != 1)
		abort();
	SSL_set_accept_state(w->tls);
}

void wire_close(struct wire *w)
{
	SSL_free(w->tls);
	(void)close(w->fd);
	*w = (struct wire){.fd = -1};
}

/* By what OpenSSL says of a call that did not work. */
static ssize_t tls_result(struct wire *w, int result)
{
	if (result > 0)
		return result;
	int reason = SSL_get_error(w->tls, result);
	ERR_clear_error();
	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	return reason == SSL_ERROR_ZERO_RETURN ? 0 : -EIO;
}

static ssize_t plain_result(ssize_t result)
{
	if (result >= 0)
		return result;
	return errno == EAGAIN ? -EAGAIN : -EIO;
}

static int int_len(size_t len)
{
	return len > INT_MAX ? INT_MAX : (int)len;
}

ssize_t wire_read(struct wire *w, char *bytes, size_t room)
{
	if (w->tls)
		return tls_result(w, SSL_read(w->tls, bytes, int_len(room)));
	return plain_result(recv(w->fd, bytes, room, 0));
}

ssize_t wire_write(struct wire *w, const char *bytes, size_t len)
{
	if (w->tls)
		return tls_result(w, SSL_write(w->tls, bytes, int_len(len)));
	return plain_result(send(w->fd, bytes, len, MSG_NOSIGNAL));
}
