/** The layout program in a thread of its own: a large graph takes seconds, and the page must not stand still meanwhile. */
import 'elkjs/lib/elk-worker.min.js'
