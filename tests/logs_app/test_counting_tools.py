from logs_app.counting import tools
from logs_app.counting.meter import Meter, count_text


def cost(*offered, model="gpt-4o", key="tools"):
    meter = Meter(model)
    tools.read(meter, {key: list(offered)})
    return meter.tokens


def words(*texts):
    return sum(count_text(text, "gpt-4o") for text in texts)


WEATHER = {
    "name": "get_weather",
    "description": "Says the weather.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where."},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
    },
}


def test_a_function_by_the_formula():
    fixed = 7 + 3 + 3 + (3 - 3 + 3 + 3) + 12
    spoken = words(
        "get_weather:Says the weather", "city:string:Where", "celsius", "fahrenheit", "unit:string:"
    )
    assert cost({"type": "function", "function": WEATHER}) == fixed + spoken


def test_functions_are_counted_alike_in_every_protocol():
    wrapped = cost({"type": "function", "function": WEATHER})
    anthropic = {"name": WEATHER["name"], "description": WEATHER["description"]}
    assert cost({"type": "function", **WEATHER}) == wrapped
    assert cost({**anthropic, "input_schema": WEATHER["parameters"]}) == wrapped
    assert cost(WEATHER, key="functions") == wrapped


def test_older_models_take_ten_to_start_a_function():
    bare = {"name": "f"}
    assert cost(bare, model="gpt-4") - cost(bare) == 3


def test_the_end_is_counted_once():
    bare = {"name": "f"}
    assert cost(bare, bare) == 2 * cost(bare) - 12


def test_nested_objects_are_counted_as_json():
    nested = {"type": "object", "properties": {"inner": {"type": "string"}}}
    flat = {"name": "f", "parameters": {"properties": {"a": {"type": "object"}}}}
    deep = {"name": "f", "parameters": {"properties": {"a": nested}}}
    assert cost(deep) == cost(flat) + words('{"inner":{"type":"string"}}')


def test_no_tools_cost_nothing():
    assert cost() == 0
    assert cost({"type": "web_search"}, None, 7) == 0
