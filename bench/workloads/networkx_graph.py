"""networkx: shortest paths through a random graph."""

import networkx

import harness


def work(n):
    graph = networkx.gnm_random_graph(400, 1600, seed=1)
    for i in range(n):
        networkx.single_source_dijkstra(graph, i % 400)
        networkx.betweenness_centrality(graph, k=4, seed=i)


harness.run(work, 100)
