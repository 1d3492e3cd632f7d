"""Answers, for each JSON text (one a line, in hexadecimal) of a file: is it JSON, does it fit the schema?"""
import json
import sys


def refuse(text):
    raise ValueError(text)


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("duplicate key")
    return dict(pairs)


def main():
    validator = None
    if sys.argv[2:]:
        from jsonschema import Draft202012Validator

        schema = json.load(open(sys.argv[2]))
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
    for line in open(sys.argv[1]):
        try:
            text = bytes.fromhex(line.strip()).decode("utf-8")
            document = json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
        except (ValueError, RecursionError):
            print("no")
            continue
        print("yes" if validator is None or validator.is_valid(document) else "no")


main()
