/* What collectors that were killed have left behind. */

#ifndef MT_COLLECT_STALE_H
#define MT_COLLECT_STALE_H

/*
 * Remove the private directories below parent whose collector is gone: those
 * of ours, some seconds old, whose socket nobody listens to.
 */
void	mt_collect_stale_remove(const char *parent);

#endif /* MT_COLLECT_STALE_H */
