/*
 * The processes of the program that are traced: who said hello and has not
 * ended.  Used by the main thread.
 */

#ifndef MT_COLLECT_TREE_H
#define MT_COLLECT_TREE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "mt_collect.h"
#include "mt_collect_drain.h"
#include "mt_hello.h"

struct mt_collect_member {
	pid_t			 pid;	/* 0: this entry is free */
	int			 watch;	/* -1: none */
	unsigned		 arenas;
	int			 spare;	/* arena that nobody got; -1: none */
	uint64_t		 sample_us; /* when it is due */
	bool			 ended;
	bool			 given_up; /* for another one */
	struct mt_collect_end	 end;	/* if it has */
	struct mt_collect_image	*image;
};

struct mt_collect_tree {
	const struct mt_collect_options *options;
	struct mt_collect_session *session;
	struct mt_collect_queue	*queue;
	struct mt_collect_drain	*drain;
	struct mt_collect_result *result;
	const char		*command_line;	/* of the first */
	pid_t			 program;	/* whose child is ours */
	int			 poll;
	uint32_t		 tag;	/* of our first member there */
	struct mt_collect_member *member;
	unsigned		 n;	/* entries */
	unsigned		 running;
	bool			 is_over; /* nobody is traced any more */
	unsigned		 sample_at;
	uint64_t		 life_us;
};

/* A well-formed hello of our own version; answers it. */
void	mt_collect_tree_hello(struct mt_collect_tree *, int conn, pid_t,
	    const struct mt_hello *);

/* The member of this tag may have ended. */
void	mt_collect_tree_watch(struct mt_collect_tree *, uint32_t tag);

/* A child of the caller has ended like this. */
void	mt_collect_tree_child(struct mt_collect_tree *, pid_t, int status);

/* Sample memory, and look for ends where there is no watch. */
void	mt_collect_tree_tick(struct mt_collect_tree *, uint64_t now_us);

/*
 * Is there a Python with the path of our socket in its environment, and not
 * in the tree?
 */
bool	mt_collect_tree_expects(const struct mt_collect_tree *,
	    const char *socket);

/*
 * Nobody is traced any longer.  The program ended like this, which is also
 * how the first process did if nothing else is known.
 */
void	mt_collect_tree_end(struct mt_collect_tree *, pid_t program,
	    int status);
void	mt_collect_tree_fini(struct mt_collect_tree *);

#endif /* MT_COLLECT_TREE_H */
