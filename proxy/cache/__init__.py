"""The response cache: answers of providers, kept and given again, never to another tenant.

Pure, they take values and return values:
directives     Cache-Control, read
wishes         what a client asks of the cache
policy         what a project and a route say of it
keys           whose answer, to which question
freshness      how long, and whether now (RFC 9111)
conditions     ETag and Last-Modified, 304
entry          a stored answer
choosing       which of those under one key
judging        what is never kept
status         Cache-Status, X-PROXY-CACHE, Age
purge          what is to go

And those that do something:
memory, redis  the two stores behind `store`
marks          since when what a process holds in memory is true
recording      an answer, taken down while it is delivered
collapse       one call for all who ask the same at the same time
planning       what the cache has to do with one call
answering      the step of the pipeline
invalidation   what a call has made untrue that changed something
serving        a stored answer on its way to the client
cache          what a process holds
board          what the processes of a machine tell of their caches
sweeping       what console and commands do in Redis
savings        what hits saved, by the sums of the records
purges         purges as rows, which every process follows
"""
