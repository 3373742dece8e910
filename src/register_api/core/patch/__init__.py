"""JSON Patch (RFC 6902): written for registers, applied to anything."""
