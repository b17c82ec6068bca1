"""Sentences with rare words, chosen before anything was measured, and counting the words missed."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

__all__ = ["SENTENCES", "UNUSED", "rare_words", "recalled", "tokens"]

SENTENCES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("please put me through to Siobhan Kowalczyk in accounts", ("Siobhan", "Kowalczyk")),
    ("we are moving the billing service to Kubernetes next month", ("Kubernetes",)),
    ("the doctor prescribed atorvastatin and metformin", ("atorvastatin", "metformin")),
    ("could you ask Nguyen to send the Grafana link", ("Nguyen", "Grafana")),
    ("our Zendesk tickets are copied into Salesforce every night", ("Zendesk", "Salesforce")),
    ("I spoke to Anneliese Vandermeer about the contract", ("Anneliese", "Vandermeer")),
    ("the Kestrelon router keeps losing its connection", ("Kestrelon",)),
    ("she takes levothyroxine in the morning", ("levothyroxine",)),
    ("Raghunathan will join the call from Hyderabad", ("Raghunathan", "Hyderabad")),
    ("we replaced Terraform with Pulumi in the spring", ("Terraform", "Pulumi")),
    ("Mister Oyelaran would like a refund for the Brivanta plan", ("Oyelaran", "Brivanta")),
    ("the Postgres upgrade is waiting for Xiaoming", ("Postgres", "Xiaoming")),
)
"""Sentences as they are said, each with its rare words: names, medicines, software, invented products."""

UNUSED: tuple[str, ...] = (
    "Abernathy", "Achterberg", "Adalimumab", "Airtable", "Akinwande", "Amlodipine", "Yarborough",
    "Ansible", "Apixaban", "Araminta", "Asana", "Astrazeneca", "Azithromycin", "Balakrishnan",
    "Bartholomew", "Beaumont", "Bigquery", "Bisoprolol", "Bjornstad", "Braithwaite", "Quinapril",
    "Cassandra", "Celecoxib", "Chakraborty", "Chukwuemeka", "Clickhouse", "Clopidogrel", "Confluence",
    "Corvanto", "Datadog", "Delacroix", "Dimitriou", "Docusign", "Duloxetine", "Eisenhower",
    "Elasticsearch", "Enalapril", "Escitalopram", "Evangelista", "Fairweather", "Featherstone", "Figma",
    "Fluoxetine", "Gabapentin", "Ghirardelli", "Giordano", "Gitlab", "Zephyrine", "Gwendolyn",
    "Hashicorp", "Hernandez", "Hubspot", "Quinlivan", "Hydroxyzine", "Ibrahimovic", "Intercom",
    "Isabella", "Jaeger", "Jenkins", "Katsaros", "Zimmerman", "Khatchaturian", "Valparaiso", "Krzysztof",
    "Thessaly", "Lamotrigine", "Lindqvist", "Lisinopril", "Lorenzetti", "Mailchimp", "Marchetti",
    "Meloxicam", "Mixpanel", "Montgomery", "Moreau", "Netsuite", "Vercel", "Nifedipine", "Novakovic",
    "Okonkwo", "Olanzapine", "Omeprazole", "Ondansetron", "Yevgenia", "Pagerduty", "Pantoprazole",
    "Papadopoulos", "Pemberton", "Xiomara", "Pregabalin", "Wolstenholme", "Quetiapine", "Rabbitmq",
    "Wojciech", "Ramaswamy", "Redshift", "Rivaroxaban", "Rosenthal", "Rosuvastatin", "Zablocki",
)  # fmt: skip
"""A hundred names, medicines and products that nobody says in the recordings."""


def tokens(text: str) -> list[str]:
    """Return lower-case words, apostrophes inside kept."""
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)*", text.lower().replace("’", "'"))


def rare_words(text: str, common: Collection[str]) -> tuple[str, ...]:
    """Return the words of five letters or more that are not in `common`, each once, in order."""
    return tuple(dict.fromkeys(word for word in tokens(text) if len(word) >= 5 and word not in common))


def recalled(listed: Sequence[str], said: str, heard: str) -> tuple[int, int]:
    """Return (times listed words were said, times of these that they were heard), by count in each text."""
    wanted, found = Counter(tokens(said)), Counter(tokens(heard))
    names = {word.lower() for word in listed}
    return sum(wanted[name] for name in names), sum(min(wanted[name], found[name]) for name in names)
