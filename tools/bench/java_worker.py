"""The other implementation's codec, timed by its own Python: run by `java`, in the environment that `make interop` has set up.

Standard input: JSON, {"calls": N, "messages": [[name, namespace, hex], ...]}. Standard output, a JSON line a message: [name, [decode
times], [encode times]] in seconds, or [name, "what is wrong"]. Decode and encode are what its sessions call: octets to its message
class and back.
"""

from __future__ import annotations

import json
import logging
import sys
from time import perf_counter

logging.disable(logging.CRITICAL)


def main() -> None:
    from iso15118.shared.exi_codec import EXI
    from iso15118.shared.exificient_exi_codec import ExificientEXICodec
    from iso15118.shared.settings import SettingKey, shared_settings

    shared_settings[SettingKey.MESSAGE_LOG_JSON] = shared_settings[SettingKey.MESSAGE_LOG_EXI] = False
    work = json.load(sys.stdin)
    exi = EXI()
    exi.set_exi_codec(ExificientEXICodec())
    for name, namespace, digits in work["messages"]:
        octets = bytes.fromhex(digits)
        try:
            message = exi.from_exi(octets, namespace)
            if bytes(exi.to_exi(message, namespace)) != octets:
                raise ValueError("other octets come back")
            times: tuple[list[float], list[float]] = ([], [])
            for turn in range(-work["calls"] // 4, work["calls"]):
                began = perf_counter()
                exi.from_exi(octets, namespace)
                read = perf_counter()
                exi.to_exi(message, namespace)
                if turn >= 0:
                    times[0].append(read - began)
                    times[1].append(perf_counter() - read)
            print(json.dumps([name, *times]), flush=True)
        except Exception as error:  # whatever it says is what the table says
            print(json.dumps([name, f"{type(error).__name__}: {error}"[:200]]), flush=True)


if __name__ == "__main__":
    main()
