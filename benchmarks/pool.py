"""The limit: a bare thread pool with the same clients. It keeps nothing and would lose everything."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks import stock


def main(url: str, posts: int, accounts: int, threads: int, due_at: float) -> None:
    channels, work = stock.channels(url), stock.jobs(posts, accounts)
    with ThreadPoolExecutor(threads) as pool:
        print("ready", flush=True)
        time.sleep(max(0.0, due_at - time.time()))
        assert len(list(pool.map(lambda job: stock.send(channels, job), work))) == posts
    input()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
