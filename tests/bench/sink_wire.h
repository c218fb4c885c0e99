#ifndef BENCH_SINK_WIRE_H
#define BENCH_SINK_WIRE_H
/* SPDX-License-Identifier: MIT
 *
 * sink_wire - bytes from and to a client, with or without TLS
 *
 * Knows: OpenSSL. Sockets do not block; whoever reads must read until -EAGAIN, because
 * decrypted bytes may wait where epoll does not see them.
 * Errors: -EAGAIN, or -EIO for a connection that is of no use any more.
 */
#include <openssl/ssl.h>
#include <sys/types.h>

struct wire {
	int fd;
	SSL *tls; /* NULL: plain */
};

/* A certificate and its key, both in one PEM file; ends the program if they are not. */
SSL_CTX *wire_context_new(const char *pem);

/* context may be NULL. The wire owns fd. */
void wire_open(struct wire *w, int fd, SSL_CTX *context);
void wire_close(struct wire *w);

/* Bytes, 0 at the end, or an error. */
ssize_t wire_read(struct wire *w, char *bytes, size_t room);
/* Bytes taken, or an error. */
ssize_t wire_write(struct wire *w, const char *bytes, size_t len);

#endif
