"""Records as agencies' systems give them, small: Open ePlattform's flow instances.

Used by: tests/flow. Must never: hold a personnummer that is not one of Skatteverket's test numbers."""

CHILD = "201201012380"


def flow(number, family, values):
    fields = "".join(f"<{name}><QueryID>1</QueryID>{value}</{name}>" for name, value in values.items())
    return ('<FlowInstance xmlns="http://www.oeplatform.org/version/2.0/schemas/flowinstance"><Header><Flow>'
            f"<FamilyID>{family}</FamilyID><Version>1</Version><FlowID>1</FlowID><Name>F</Name></Flow>"
            f"<FlowInstanceID>{number}</FlowInstanceID><Status><ID>1</ID><Name>Inskickat</Name></Status>"
            "<Posted>2026-10-05T21:41:45</Posted><FirstSubmitted>2026-10-05T21:41:45</FirstSubmitted>"
            f"<LastSubmitted>2026-10-05T21:41:45</LastSubmitted></Header><Values>{fields}</Values></FlowInstance>")


def text(value):
    return f"<Value>{value}</Value>"


def person(first, protected, number=CHILD):
    return (f"<personnummer>{number}</personnummer><fornamn>{first}</fornamn><efternamn>Provsson</efternamn>"
            f"<stadsdel>Bromma</stadsdel><skyddadePersonuppgifter>{protected}</skyddadePersonuppgifter>")
