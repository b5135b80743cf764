using System.Text.Json;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>The check of answers finds what it is there to find.</summary>
public sealed class OutputSchemaTests
{
    private const string Schema =
        """{"type":"object","properties":{"id":{"type":"integer"},"state":{"type":"string","enum":["a","b"]},"rows":{"type":"array","items":{"type":"number"}}},"required":["id"]}""";

    [Theory]
    [InlineData("""{"id":1,"state":"a","rows":[1,2.5]}""", null)]
    [InlineData("[]", "$: Array is not object")]
    [InlineData("""{"state":"a"}""", "$: id is missing")]
    [InlineData("""{"id":1.5}""", "$.id: Number is not integer")]
    [InlineData("""{"id":1,"state":null}""", "$.state: Null is not string")]
    [InlineData("""{"id":1,"state":"c"}""", "$.state: c is not one of [\"a\",\"b\"]")]
    [InlineData("""{"id":1,"rows":[1,"2"]}""", "$.rows[1]: String is not number")]
    [InlineData("""{"id":1,"more":1}""", "$: more is not in the schema")]
    public void A_value_that_breaks_its_schema_is_named(string value, string? fault)
    {
        var faults = OutputSchema.Faults(JsonElement.Parse(Schema), JsonElement.Parse(value));

        faults.Should().Equal(fault is null ? [] : [fault]);
    }
}
