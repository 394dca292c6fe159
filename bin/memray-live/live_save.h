/* Snapshots: what is known of a process now, as a capture. */

#ifndef LIVE_SAVE_H
#define LIVE_SAVE_H

struct live_ui;

/*
 * Write a capture of each process that is looked at into the current
 * directory, under a name that nothing has there, and say so on the screen.
 */
void	live_save(struct live_ui *);

#endif /* LIVE_SAVE_H */
