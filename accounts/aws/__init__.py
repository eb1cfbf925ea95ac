"""All that Rolecall asks of AWS: the only importer of boto3."""
