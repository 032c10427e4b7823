"""The controls in a real kernel, moved by the message that a browser sends."""

import asyncio
import json

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

VIEW = "application/vnd.jupyter.widget-view+json"
ALT = "A line through the origin with slope 1."

PLAY = f"""
import matplotlib.pyplot as plt
from course_utils.plots import play

def draw(slope, colour):
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, slope], color=colour)
    return figure

play(draw, alt={ALT!r}, slope=(0.0, 2.0, 0.5, 1.0), colour=["black", "grey"])
"""
FIND = """
import ipywidgets, json
found = {type(w).__name__: w for w in ipywidgets.widgets.widget._instances.values()}
print(json.dumps({name: found[name].comm.comm_id for name in ["FloatSlider", "Image"]}))
"""
CHECK = """
from course_utils.plots import png
picture = found["Image"]
print(found["FloatSlider"].value, picture.value == png(draw(2.0, "black")), picture.layout.display)
"""


async def run(notebook):
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", store_widget_state=False)
    async with client.async_setup_kernel():
        await client.async_execute_cell(notebook.cells[0], 0)
        await client.async_execute_cell(notebook.cells[1], 1)
        slider = json.loads(notebook.cells[1].outputs[0].text)["FloatSlider"]
        move = {"comm_id": slider, "data": {"method": "update", "state": {"value": 2.0}, "buffer_paths": []}}
        client.kc.shell_channel.send(client.kc.session.msg("comm_msg", move))
        await client.async_execute_cell(notebook.cells[2], 2)
    return notebook


@pytest.fixture(scope="module")
def executed():
    notebook = new_notebook(cells=[new_code_cell(source) for source in (PLAY, FIND, CHECK)])
    return asyncio.run(run(notebook))


def test_the_static_picture_comes_first_and_the_controls_second(executed):
    nbformat.validate(executed)
    picture, controls = executed.cells[0].outputs
    assert picture.data["text/plain"] == ALT
    assert picture.metadata["image/png"]["alt"] == ALT
    assert VIEW in controls.data


def test_the_controls_have_a_text_without_object_addresses_or_bytes(executed):
    assert executed.cells[0].outputs[1].data["text/plain"] == (
        "Controls, live in a notebook: slope 0.0 … 2.0 (start 1.0); colour black | grey (start black)"
    )


def test_moving_a_slider_redraws(executed):
    assert executed.cells[2].outputs[0].text == "2.0 True None\n"


def test_nothing_else_is_put_out(executed):
    assert [len(cell.outputs) for cell in executed.cells] == [2, 1, 1]
