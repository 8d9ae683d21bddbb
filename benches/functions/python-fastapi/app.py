"""The first steps of FastAPI's tutorial, behind Mangum."""
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float
    tax: float | None = None


@app.get("/items/{item_id}")
async def read_item(item_id: int, q: str | None = None):
    return {"item_id": item_id, "q": q}


@app.post("/items/", status_code=201)
async def create_item(item: Item):
    return {**item.model_dump(), "price_with_tax": item.price + (item.tax or 0)}


handler = Mangum(app, lifespan="off")
